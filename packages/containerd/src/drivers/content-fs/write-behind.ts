/**
 * Appends to a file a little later than it is told to. A client of Content/Write mostly sends its next message when the
 * one before is answered: it would wait for the disk's thread each time, and that for the client.
 */
import type {FileHandle} from 'node:fs/promises';
import {fsError} from './fs-error.ts';

/** Bytes that may wait for the disk. */
const maxWaiting = 4 << 20;

export class WriteBehind {
  readonly #file: FileHandle;
  readonly #path: string;
  #waiting = 0;
  /** Rejects never: a failure is kept for the next who asks. */
  #last: Promise<void> = Promise.resolve();
  #failure: unknown;
  #wake: (() => void) | undefined;

  constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  /**
   * Takes `data`, which must stay as it is until it is written, for `position`, where the bytes before it end. Resolves
   * when more would be taken. A failure is thrown by each call from then on: the file ends before the bytes that failed.
   */
  async write(data: Uint8Array, position: number): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#waiting += data.length;
    this.#last = this.#last.then(() => this.#writeNext(data, position));
    while (this.#waiting >= maxWaiting) {
      const {promise, resolve} = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Resolves when nothing waits, be it written or failed. */
  async settled(): Promise<void> {
    while (this.#waiting > 0) await this.#last;
  }

  /** Resolves when all is in the file. */
  async flush(): Promise<void> {
    await this.settled();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Resolves when nothing waits; what failed is forgotten, since the file begins anew. */
  async reset(): Promise<void> {
    await this.settled();
    this.#failure = undefined;
  }

  async #writeNext(data: Uint8Array, position: number): Promise<void> {
    try {
      for (let done = 0; done < data.length && this.#failure === undefined; ) {
        const {bytesWritten} = await this.#file.write(data, done, data.length - done, position + done);
        done += bytesWritten;
      }
    } catch (error) {
      this.#failure = fsError('write', this.#path, error);
    }
    this.#waiting -= data.length;
    this.#wake?.();
  }
}
