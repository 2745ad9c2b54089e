/**
 * Unix sockets without node:net, whose streams cost every shim a megabyte: as much of `net.Socket` as ttrpc needs,
 * on the kernel package's watches.
 */
import {acceptUnix, closeFd, connectUnix, type FdWatch, readFd, watchFd, writeFd} from '@longshore/linux';
import type {ByteStream} from '@longshore/ttrpc';

interface Events {
  data: (chunk: Uint8Array) => void;
  drain: () => void;
  close: () => void;
  error: (error: Error) => void;
}

const readSize = 16 * 1024;
/** What may be queued before `writableNeedDrain`. Bytes. */
const highWaterMark = 64 * 1024;
/** What one connection may read in one turn of the event loop. Bytes. */
const turnBytes = 256 * 1024;

/** Where all reads land; what is handed out is a copy of the filled part. */
let scratch: Buffer | undefined;

/** Connects at once or throws (not-found, unavailable), also when the listener is too busy to accept. */
export function connectStream(path: string): UnixStream {
  return new UnixStream(connectUnix(path, {nonblock: true}));
}

export class UnixStream implements ByteStream {
  readonly fd: number;
  readonly #watch: FdWatch;
  readonly #listeners: {[K in keyof Events]: Events[K][]} = {data: [], drain: [], close: [], error: []};
  readonly #queue: Uint8Array[] = [];
  #queued = 0;
  #needDrain = false;
  #paused = false;
  #onEnd: (() => void) | undefined;
  #destroyed = false;

  /** Owns the descriptor. Nothing is read before there is a listener for "data". */
  constructor(fd: number) {
    this.fd = fd;
    this.#watch = watchFd(fd, {
      readable: () => this.#guard(() => this.#read()),
      writable: () => this.#guard(() => this.#flush()),
    });
    this.#watch.setInterest({readable: false});
  }

  get destroyed(): boolean {
    return this.#destroyed;
  }

  get writableLength(): number {
    return this.#queued;
  }

  get writableNeedDrain(): boolean {
    return this.#needDrain;
  }

  on<K extends keyof Events>(event: K, listener: Events[K]): this {
    this.#listeners[event].push(listener);
    if (event === 'data') this.#updateInterest();
    return this;
  }

  off<K extends keyof Events>(event: K, listener: Events[K]): void {
    const listeners = this.#listeners[event];
    const index = listeners.indexOf(listener);
    if (index >= 0) listeners.splice(index, 1);
    this.#updateInterest();
  }

  write(bytes: Uint8Array): boolean {
    if (this.#destroyed) return false;
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    if (this.#queue.length === 1) this.#guard(() => this.#flush());
    this.#needDrain ||= this.#queued > highWaterMark;
    return !this.#needDrain;
  }

  /** Calls `done` when everything queued was sent; closing is the caller's. */
  end(done?: () => void): void {
    this.#onEnd = done ?? (() => {});
    this.#guard(() => this.#flush());
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#watch[Symbol.dispose]();
    closeFd(this.fd);
    this.#queue.length = 0;
    this.#queued = 0;
    queueMicrotask(() => {
      for (const listener of this.#listeners.close) listener();
    });
  }

  pause(): void {
    this.#paused = true;
    this.#updateInterest();
  }

  resume(): void {
    this.#paused = false;
    this.#updateInterest();
  }

  #updateInterest(): void {
    if (!this.#destroyed) this.#watch.setInterest({readable: !this.#paused && this.#listeners.data.length > 0});
  }

  /** The other side is gone, or the socket is broken: "error", then "close". */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (this.#destroyed) throw error; // not the socket's: a listener's
      for (const listener of this.#listeners.error) listener(error as Error);
      this.destroy();
    }
  }

  #read(): void {
    for (let taken = 0; taken < turnBytes && !this.#paused && !this.#destroyed; ) {
      scratch ??= Buffer.allocUnsafeSlow(readSize);
      const count = readFd(this.fd, scratch);
      if (count === undefined) return;
      if (count === 0) {
        this.destroy();
        return;
      }
      taken += count;
      const chunk = Buffer.from(scratch.subarray(0, count));
      for (const listener of [...this.#listeners.data]) listener(chunk);
    }
  }

  #flush(): void {
    for (let head = this.#queue[0]; head; head = this.#queue[0]) {
      const count = writeFd(this.fd, head);
      if (count === undefined) {
        this.#watch.setInterest({writable: true});
        return;
      }
      this.#queued -= count;
      if (count < head.length) this.#queue[0] = head.subarray(count);
      else this.#queue.shift();
    }
    this.#watch.setInterest({writable: false});
    if (this.#needDrain) {
      this.#needDrain = false;
      for (const listener of this.#listeners.drain) listener();
    }
    this.#onEnd?.();
    this.#onEnd = undefined;
  }
}

/** Accepts what connects to a listening socket, which it makes non-blocking. Disposing closes the socket. */
export function acceptStreams(fd: number, onConnection: (stream: UnixStream) => void): Disposable {
  const watch = watchFd(fd, {
    readable: () => {
      for (let accepted = acceptUnix(fd); accepted !== undefined; accepted = acceptUnix(fd)) {
        onConnection(new UnixStream(accepted));
      }
    },
  });
  let open = true;
  return {
    [Symbol.dispose]: () => {
      if (!open) return;
      open = false;
      watch[Symbol.dispose]();
      closeFd(fd);
    },
  };
}
