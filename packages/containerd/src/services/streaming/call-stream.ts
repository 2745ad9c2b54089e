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
  #closed = Promise.withResolvers<void>();

  constructor(signal: AbortSignal, incoming: AsyncIterator<Any>) {
    this.#signal = signal;
    this.#incoming = incoming;
    signal.addEventListener('abort', () => this.close(), {once: true});
  }

  async receive(): Promise<StreamMessage | undefined> {
    this.#throwIfGone();
    const next = this.#incoming.next();
    next.catch(() => {}); // lost, when the stream was closed first
    const result = await Promise.race([next, this.#closed.promise]);
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
    await Promise.race([taken.promise, this.#closed.promise]);
    this.#throwIfGone();
  }

  close(error?: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#error = error;
    this.#closed.resolve();
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
