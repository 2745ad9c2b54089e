import {EngineError} from '@longshore/errdefs';
import {closeFd, writeFd} from './fd.ts';
import type {FdWatch} from './readiness.ts';
import {watchFd} from './watch-fd.ts';

export interface PipeWriterOptions {
  /** Bytes that may wait for room before `write` refuses (resource-exhausted). Default 16 MiB. */
  maximumQueued?: number;
  /** Whether bytes that wait keep the process running. Default true. */
  ref?: boolean;
}

interface Queued {
  bytes: Uint8Array;
  written: number;
  done: PromiseWithResolvers<void>;
}

/**
 * Writes to a FIFO, pipe or pty master without blocking. Owns the descriptor. The reader's pace is the writer's: await
 * what `write` returns before writing more.
 */
export function openPipeWriter(fd: number, options: PipeWriterOptions = {}): PipeWriter {
  return new PipeWriter(fd, options);
}

/** One write takes at most this much at once, so that a fast reader does not hold the event loop. */
const turnBytes = 1024 * 1024;

export class PipeWriter implements Disposable {
  readonly fd: number;
  readonly #watch: FdWatch;
  readonly #maximum: number;
  readonly #ref: boolean;
  #queue: Queued[] = [];
  #queued = 0;
  #state: 'open' | 'ending' | 'closed' = 'open';
  #error: Error | undefined;
  #ended = Promise.withResolvers<void>();

  constructor(fd: number, options: PipeWriterOptions) {
    this.fd = fd;
    this.#maximum = options.maximumQueued ?? 16 * 1024 * 1024;
    this.#ref = options.ref ?? true;
    this.#watch = watchFd(fd, {writable: () => this.#flush()}, {ref: false});
    this.#ended.promise.catch(() => {});
  }

  /** Bytes that the kernel has not taken yet. */
  get queuedBytes(): number {
    return this.#queued;
  }

  get closed(): boolean {
    return this.#state === 'closed';
  }

  /**
   * True if the kernel took everything at once; else a promise of that, which rejects if the reader goes away first
   * (unavailable, EPIPE). The bytes belong to the writer until then. Throws when the writer is ended or has failed.
   */
  write(bytes: Uint8Array): true | Promise<void> {
    if (this.#error) throw this.#error;
    if (this.#state !== 'open') throw new EngineError('failed-precondition', 'cannot write to a pipe that was ended');
    const written = this.#queue.length === 0 ? this.#push(bytes, 0) : 0;
    if (written === bytes.length) return true;
    if (this.#queued + bytes.length - written > this.#maximum) throw this.#overflow(bytes.length - written);
    const done = Promise.withResolvers<void>();
    done.promise.catch(() => {}); // whoever awaits sees it, and so does the next write
    this.#queue.push({bytes, written, done});
    this.#queued += bytes.length - written;
    this.#watch.setInterest({writable: true});
    this.#watch.setRef(this.#ref);
    return done.promise;
  }

  /** Writes what is queued, then closes the descriptor. Rejects if the reader goes away before. */
  end(): Promise<void> {
    if (this.#state === 'open') {
      this.#state = 'ending';
      if (this.#queue.length === 0) this.#close();
    }
    return this.#ended.promise;
  }

  /** Closes the descriptor now and drops what is queued (its promises reject as canceled). */
  close(): void {
    if (this.#state === 'closed') return;
    if (this.#queue.length > 0) this.#fail(new EngineError('canceled', 'pipe was closed before all was written'));
    else this.#close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #flush(): void {
    try {
      for (let taken = 0; this.#queue.length > 0 && taken < turnBytes; ) {
        const head = this.#queue[0]!;
        const count = this.#push(head.bytes, head.written);
        if (count === 0) return;
        taken += count;
        head.written += count;
        this.#queued -= count;
        if (head.written < head.bytes.length) continue;
        this.#queue.shift();
        head.done.resolve();
      }
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    if (this.#queue.length > 0) return;
    if (this.#state === 'ending') this.#close();
    else {
      this.#watch.setInterest({writable: false});
      this.#watch.setRef(false);
    }
  }

  /** Writes as much as fits, up to the share of one turn; answers how many bytes. */
  #push(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length && at - from < turnBytes) {
      const count = writeFd(this.fd, bytes, at, bytes.length - at);
      if (count === undefined) break;
      at += count;
    }
    return at - from;
  }

  #overflow(more: number): EngineError {
    return new EngineError('resource-exhausted', `more than ${this.#maximum} bytes wait for the reader (${more} more)`);
  }

  #fail(error: Error): void {
    this.#error = error;
    const queue = this.#queue;
    this.#queue = [];
    this.#queued = 0;
    this.#close();
    for (const item of queue) item.done.reject(error);
  }

  #close(): void {
    this.#state = 'closed';
    this.#watch[Symbol.dispose]();
    closeFd(this.fd);
    if (this.#error) this.#ended.reject(this.#error);
    else this.#ended.resolve();
  }
}
