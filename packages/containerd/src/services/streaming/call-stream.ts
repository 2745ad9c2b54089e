/** One Streaming call as the daemon's end of a named stream. */
import type {Any} from '@longshore/api/gen/google/protobuf/any';
import {EngineError} from '@longshore/errdefs';
import type {NamedStream, StreamMessage} from '../../core/streaming/streams.ts';

type Outgoing = {message: Any; taken: () => void};

export class CallStream implements NamedStream {
  readonly #signal: AbortSignal;
  readonly #incoming: AsyncIterator<Any>;
  /** Messages whose senders wait until they are taken: as many as there are senders. */
  readonly #queue: Outgoing[] = [];
  #wake: (() => void) | undefined;
  #isClosed = false;
  #error: unknown;
  /** Who waits for something that does not come any more once the stream is closed. */
  readonly #waiting = new Set<() => void>();

  constructor(signal: AbortSignal, incoming: AsyncIterator<Any>) {
    this.#signal = signal;
    this.#incoming = incoming;
    signal.addEventListener('abort', () => this.close(), {once: true});
  }

  async receive(): Promise<StreamMessage | undefined> {
    this.#throwIfGone();
    const result = await this.#unlessClosed(this.#incoming.next());
    this.#throwIfGone();
    return result && !result.done ? result.value : undefined;
  }

  async send({typeUrl, value}: StreamMessage): Promise<void> {
    this.#throwIfGone();
    if (this.#isClosed) throw new EngineError('canceled', 'stream is closed: context canceled');
    const taken = Promise.withResolvers<void>();
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    this.#queue.push({message: {typeUrl, value: bytes}, taken: taken.resolve});
    this.#wake?.();
    await this.#unlessClosed(taken.promise);
    this.#throwIfGone();
  }

  close(error?: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#error = error;
    for (const giveUp of this.#waiting) giveUp();
    this.#wake?.();
  }

  /** What is sent, until the stream is closed. A message counts as taken when the one after it is asked for. */
  async *outgoing(): AsyncGenerator<Any, void, void> {
    try {
      for (;;) {
        const next = this.#queue.shift();
        if (next) {
          yield next.message;
          next.taken();
        } else if (this.#isClosed) break;
        else await this.#newMessage();
      }
      if (this.#error !== undefined) throw this.#error;
    } finally {
      this.close();
    }
  }

  /**
   * What comes, or undefined when the stream is closed first. No Promise.race with one promise for all: that would keep
   * every message until the end of the stream.
   */
  async #unlessClosed<T>(coming: Promise<T>): Promise<T | undefined> {
    coming.catch(() => {}); // nobody's, when the stream is closed first
    if (this.#isClosed) return undefined;
    const {promise, resolve, reject} = Promise.withResolvers<T | undefined>();
    const giveUp = () => resolve(undefined);
    this.#waiting.add(giveUp);
    coming.then(resolve, reject);
    try {
      return await promise;
    } finally {
      this.#waiting.delete(giveUp);
    }
  }

  async #newMessage(): Promise<void> {
    const {promise, resolve} = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
    this.#wake = undefined;
  }

  #throwIfGone(): void {
    if (this.#signal.aborted) throw new EngineError('canceled', 'the client of the stream is gone: context canceled');
  }
}
