import {Buffer} from 'node:buffer';
import {EngineError} from '@longshore/errdefs';
import {Errno} from './errno-names.ts';
import {SystemCallError} from './errors.ts';
import {closeFd, readFd} from './fd.ts';
import type {FdWatch} from './readiness.ts';
import {watchFd} from './watch-fd.ts';

export interface PipeReaderOptions {
  /** Largest piece handed out, in bytes: 1 to 1 MiB. Default 64 KiB, what a pipe holds. */
  chunkSize?: number;
  /** Receives the data as it comes, until `pause()`. Without it the reader is read by `for await`. */
  onData?: (chunk: Buffer) => void;
  /** The other side has closed and everything was handed out. */
  onEnd?: () => void;
  /** Reading failed; nothing more comes. Without it the error is thrown as uncaught. */
  onError?: (error: Error) => void;
  /** Whether an open reader keeps the process running. Default true. */
  ref?: boolean;
}

/** How much one reader may take in one turn of the event loop, so that others get theirs. */
const turnBytes = 1024 * 1024;
const turnMs = 2;
const maximumChunk = 1024 * 1024;

/**
 * Reads a FIFO, pipe or pty master from the event loop, without threads. Owns the descriptor: `close()` or the end of
 * the data closes it. Backpressure is the pipe's own: what is not read stays in the kernel and stops the writer.
 */
export function openPipeReader(fd: number, options: PipeReaderOptions = {}): PipeReader {
  return new PipeReader(fd, options);
}

let scratch = Buffer.alloc(0);

/** Where all reads land: each chunk handed out is a copy of what was filled, made before anyone else reads. */
function scratchOf(size: number): Buffer {
  if (scratch.length < size) scratch = Buffer.allocUnsafeSlow(size);
  return scratch.length === size ? scratch : scratch.subarray(0, size);
}

export class PipeReader implements AsyncIterable<Buffer>, Disposable {
  readonly fd: number;
  readonly #options: PipeReaderOptions;
  readonly #watch: FdWatch;
  readonly #chunkSize: number;
  #paused: boolean;
  #state: 'open' | 'ended' | 'closed' = 'open';
  #error: Error | undefined;
  #waiting: (() => void) | undefined;

  constructor(fd: number, options: PipeReaderOptions) {
    this.#chunkSize = options.chunkSize ?? 65536;
    if (!(this.#chunkSize >= 1 && this.#chunkSize <= maximumChunk))
      throw new EngineError('invalid-argument', `chunk size out of range: ${this.#chunkSize}`);
    this.fd = fd;
    this.#options = options;
    this.#paused = options.onData === undefined;
    this.#watch = watchFd(
      fd,
      {readable: () => this.#onReadable()},
      options.ref === undefined ? {} : {ref: options.ref},
    );
    if (this.#paused) this.#watch.setInterest({readable: false});
  }

  /** No `onData` after this returns, until `resume()`. */
  pause(): void {
    this.#paused = true;
    if (this.#state === 'open') this.#watch.setInterest({readable: false});
  }

  resume(): void {
    if (this.#options.onData === undefined) throw new TypeError('a reader without onData has nothing to resume');
    this.#paused = false;
    if (this.#state === 'open') this.#watch.setInterest({readable: true});
  }

  /** True once the other side has closed and everything was handed out, or `close()` was called. */
  get closed(): boolean {
    return this.#state !== 'open';
  }

  /** Stops reading and closes the descriptor; no callback comes any more. A waiting `for await` ends. */
  close(): void {
    if (this.#state !== 'open') return;
    this.#release('closed');
    this.#wake();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #release(state: 'ended' | 'closed'): void {
    this.#state = state;
    this.#watch[Symbol.dispose]();
    closeFd(this.fd);
  }

  #onReadable(): void {
    if (this.#options.onData) this.#pump(this.#options.onData);
    else {
      this.#watch.setInterest({readable: false});
      this.#wake();
    }
  }

  #wake(): void {
    const wake = this.#waiting;
    this.#waiting = undefined;
    wake?.();
  }

  #pump(onData: (chunk: Buffer) => void): void {
    const deadline = performance.now() + turnMs;
    for (let taken = 0; taken < turnBytes && !this.#paused && this.#state === 'open'; ) {
      const chunk = this.#take();
      if (!chunk) break;
      taken += chunk.length;
      onData(chunk);
      if (performance.now() > deadline) break;
    }
    // The watch polls again on the next turn, so what is left, or new, is not forgotten.
    if (this.#state === 'ended') this.#finish();
  }

  #finish(): void {
    if (this.#error === undefined) this.#options.onEnd?.();
    else if (this.#options.onError) this.#options.onError(this.#error);
    else throw this.#error;
  }

  /** The next piece; undefined if there is none now or (the state tells) ever. Only to be called when poll said so. */
  #take(): Buffer | undefined {
    const buffer = scratchOf(this.#chunkSize);
    let count: number | undefined;
    try {
      count = readFd(this.fd, buffer);
    } catch (error) {
      // A pty master reads EIO when the last slave is closed: that is its end of file.
      if (!(error instanceof SystemCallError && error.errno === Errno.EIO)) this.#error = error as Error;
      count = 0;
    }
    if (count === undefined) return undefined;
    if (count > 0) return Buffer.from(buffer.subarray(0, count));
    this.#release('ended');
    return undefined;
  }

  /** The data, piece by piece; leaving the loop closes the reader. One loop at a time. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, void> {
    if (this.#options.onData) throw new TypeError('this reader hands its data to onData');
    try {
      let taken = 0;
      let ready = false;
      while (this.#state === 'open') {
        // A FIFO that no writer has opened yet reads as ended; only poll tells the two apart.
        if (!ready) await this.#readable();
        if (this.#state !== 'open') break;
        const chunk = this.#take();
        ready = chunk !== undefined;
        if (!chunk) continue;
        yield chunk;
        taken += chunk.length;
        if (taken >= turnBytes) {
          taken = 0;
          await new Promise(resolve => setImmediate(resolve));
        }
      }
      if (this.#error) throw this.#error;
    } finally {
      this.close();
    }
  }

  #readable(): Promise<void> {
    return new Promise(resolve => {
      this.#waiting = resolve;
      this.#watch.setInterest({readable: true});
    });
  }
}
