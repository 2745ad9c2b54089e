/** Copies from one descriptor to another from the event loop, never reading more than the other side takes. */
import {type FdWatch, isErrno, readFd, watchFd, writeFd} from '@longshore/linux';

/** Share of one turn of the event loop, so that several pumps and the calls of containerd all move. Bytes. */
const turnBytes = 256 * 1024;

/** All pumps read into the same buffer: nothing stays in it when a callback returns. */
let scratch: Buffer | undefined;

export class FdPump implements Disposable {
  readonly #to: number;
  readonly #from: number;
  readonly #reading: FdWatch;
  #writing: FdWatch | undefined;
  /** What was read and not yet taken. */
  #rest: Uint8Array | undefined;
  #ended = false;
  readonly #onEnd: (error: Error | undefined) => void;

  /**
   * Both descriptors must be the shim's own opens: they become non-blocking. The caller closes them, after `dispose`.
   * `to` -1 throws the data away. `onEnd` runs once, when the source has ended and all was taken, or with the error.
   */
  constructor(from: number, to: number, onEnd: (error: Error | undefined) => void) {
    this.#from = from;
    this.#to = to;
    this.#onEnd = onEnd;
    this.#reading = watchFd(from, {readable: () => this.#guard(() => this.#copy())});
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    this.#reading[Symbol.dispose]();
    this.#writing?.[Symbol.dispose]();
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      // A pty whose other side is closed fails with EIO: for a reader that is the end of the data.
      this.#finish(isErrno(error, 'EIO') ? undefined : (error as Error));
    }
  }

  #copy(): void {
    scratch ??= Buffer.allocUnsafeSlow(32 * 1024);
    for (let taken = 0; taken < turnBytes && !this.#rest && !this.#ended; ) {
      const count = readFd(this.#from, scratch);
      if (count === undefined) return;
      if (count === 0) {
        this.#finish(undefined);
        return;
      }
      taken += count;
      this.#write(scratch.subarray(0, count));
    }
  }

  #write(bytes: Uint8Array): void {
    let at = 0;
    while (this.#to >= 0 && at < bytes.length) {
      const count = writeFd(this.#to, bytes, at, bytes.length - at);
      if (count === undefined) {
        this.#waitForRoom(Uint8Array.from(bytes.subarray(at)));
        return;
      }
      at += count;
    }
  }

  #waitForRoom(rest: Uint8Array): void {
    this.#rest = rest;
    this.#reading.setInterest({readable: false});
    this.#writing ??= watchFd(this.#to, {writable: () => this.#guard(() => this.#flush())});
    this.#writing.setInterest({writable: true});
  }

  #flush(): void {
    const rest = this.#rest;
    if (!rest) return;
    this.#rest = undefined;
    this.#writing?.setInterest({writable: false});
    this.#write(rest);
    if (!this.#rest) this.#reading.setInterest({readable: true});
  }

  #finish(error: Error | undefined): void {
    if (this.#ended) return;
    this[Symbol.dispose]();
    this.#onEnd(error);
  }
}
