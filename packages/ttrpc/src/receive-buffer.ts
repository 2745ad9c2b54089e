/**
 * Messages of one stream between the connection and the one consumer that iterates over them. It holds `capacity`
 * messages; one more makes the connection wait, and a consumer that takes nothing for a second fails the stream: one
 * slow stream must not hold up the others for long.
 */
import {streamFullError} from './status.ts';

/** Messages that a stream may be behind, as in ttrpc 1.2. */
export const streamCapacity = 64;
const stallLimitMs = 1000;

export class ReceiveBuffer<T> implements AsyncIterable<T> {
  readonly #items: T[] = [];
  readonly #capacity: number;
  #ended = false;
  #error: unknown;
  #wakeConsumer: (() => void) | undefined;
  #wakeProducer: (() => void) | undefined;

  constructor(capacity = streamCapacity) {
    this.#capacity = capacity;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Adds a message. A promise means that the buffer is over its capacity: wait for it before pushing more. It rejects
   * with "ttrpc: stream buffer full" after one second without progress; the stream has then failed.
   */
  push(item: T): Promise<void> | undefined {
    if (this.#ended) return undefined;
    this.#items.push(item);
    this.#wakeConsumer?.();
    return this.#items.length > this.#capacity ? this.#waitForRoom() : undefined;
  }

  /** The consumer still gets what is buffered, then the end. */
  end(): void {
    this.#finish(undefined);
  }

  /** The consumer gets the error at once; what is buffered is dropped. */
  fail(error: unknown): void {
    if (this.#ended && this.#error !== undefined) return;
    this.#items.length = 0;
    this.#ended = false;
    this.#finish(error);
  }

  #finish(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#wakeConsumer?.();
    this.#wakeProducer?.();
  }

  #waitForRoom(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#wakeProducer = undefined;
        const error = streamFullError();
        this.fail(error);
        reject(error);
      }, stallLimitMs);
      this.#wakeProducer = () => {
        this.#wakeProducer = undefined;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** The next message, or undefined at the end. Throws what `fail` was given. One caller at a time. */
  async next(): Promise<T | undefined> {
    while (this.#items.length === 0) {
      if (this.#ended) {
        if (this.#error !== undefined) throw this.#error;
        return undefined;
      }
      await new Promise<void>(resolve => {
        this.#wakeConsumer = resolve;
      });
      this.#wakeConsumer = undefined;
    }
    const item = this.#items.shift();
    if (this.#items.length <= this.#capacity) this.#wakeProducer?.();
    return item;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    for (;;) {
      const item = await this.next();
      if (item === undefined) return;
      yield item;
    }
  }
}
