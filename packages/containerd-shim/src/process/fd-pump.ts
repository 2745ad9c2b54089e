/** Copies from one descriptor to another from the event loop, never reading more than the other side takes. */
import {
  type FdWatch,
  isErrno,
  POLLOUT,
  pollFd,
  readFd,
  SPLICE_F_MOVE,
  SPLICE_F_NONBLOCK,
  splice,
  watchFd,
  writeFd,
} from '@longshore/linux';

/** Share of one turn of the event loop, so that several pumps and the calls of containerd all move. Bytes. */
const turnBytes = 256 * 1024;
const pieceBytes = 32 * 1024;

/** All pumps read into the same buffer: nothing stays in it when a callback returns. */
let scratch: Buffer | undefined;

export interface FdPumpOptions {
  /** The shim's own open of the source. It becomes non-blocking. */
  from: number;
  /** The same for the target; -1 throws the data away. */
  to: number;
  /** Both are pipes or FIFOs: the kernel moves the data. */
  splice?: boolean;
  /** Runs once, when the source has ended and all was taken, or with the error. */
  onEnd(error: Error | undefined): void;
}

/** The caller closes the descriptors, after `onEnd` or after disposing of the pump. */
export class FdPump implements Disposable {
  readonly #options: FdPumpOptions;
  readonly #reading: FdWatch;
  #writing: FdWatch | undefined;
  /** What was read and not yet taken. */
  #rest: Uint8Array | undefined;
  #waitsForRoom = false;
  #ended = false;
  #onIdle: (() => void)[] = [];

  constructor(options: FdPumpOptions) {
    this.#options = options;
    this.#reading = watchFd(options.from, {readable: () => this.#guard(() => this.#copy())});
  }

  /** Resolves once the source is empty for the moment, or ended: all that was written to it has been passed on. */
  async drained(): Promise<void> {
    if (this.#ended) return;
    const {promise, resolve} = Promise.withResolvers<void>();
    this.#onIdle.push(resolve);
    if (!this.#waitsForRoom) this.#guard(() => this.#copy());
    await promise;
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    this.#reading[Symbol.dispose]();
    this.#writing?.[Symbol.dispose]();
    this.#idle();
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
    for (let taken = 0; taken < turnBytes && !this.#waitsForRoom && !this.#ended; ) {
      const count = this.#options.splice ? this.#splice() : this.#readAndWrite();
      if (count === undefined) return;
      if (count === 0) this.#finish(undefined);
      taken += count;
    }
  }

  /** Bytes moved; 0 at the end of the source; undefined when nothing can be moved now. */
  #splice(): number | undefined {
    const {from, to} = this.#options;
    const count = splice(from, to, pieceBytes, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (count !== undefined) return count;
    // The kernel does not say which of the two was not ready.
    if (pollFd(to, POLLOUT) === 0) this.#waitForRoom();
    else this.#idle();
    return undefined;
  }

  #readAndWrite(): number | undefined {
    scratch ??= Buffer.allocUnsafeSlow(pieceBytes);
    const count = readFd(this.#options.from, scratch);
    if (count === undefined) this.#idle();
    else if (count > 0) this.#write(scratch.subarray(0, count));
    return count;
  }

  #write(bytes: Uint8Array): void {
    const {to} = this.#options;
    for (let at = 0; to >= 0 && at < bytes.length; ) {
      const count = writeFd(to, bytes, at, bytes.length - at);
      if (count === undefined) {
        this.#rest = Uint8Array.from(bytes.subarray(at));
        this.#waitForRoom();
        return;
      }
      at += count;
    }
  }

  #waitForRoom(): void {
    this.#waitsForRoom = true;
    this.#reading.setInterest({readable: false});
    this.#writing ??= watchFd(this.#options.to, {writable: () => this.#guard(() => this.#resume())});
    this.#writing.setInterest({writable: true});
  }

  #resume(): void {
    const rest = this.#rest;
    this.#rest = undefined;
    this.#waitsForRoom = false;
    if (rest) this.#write(rest);
    if (this.#waitsForRoom) return;
    this.#writing?.setInterest({writable: false});
    this.#reading.setInterest({readable: true});
  }

  #idle(): void {
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  #finish(error: Error | undefined): void {
    if (this.#ended) return;
    this[Symbol.dispose]();
    this.#options.onEnd(error);
  }
}
