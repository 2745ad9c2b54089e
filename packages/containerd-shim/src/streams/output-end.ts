/** What a process prints, from the shim's end of its pipe to whichever client has the stream open. */
import type {Any} from '@longshore/api/gen/google/protobuf/any';
import {openPipeReader, type PipeReader, POLLIN, pollFd} from '@longshore/linux';
import {dataMessage, parseWindow, pieceBytes} from './byte-messages.ts';
import {Change, type StreamEnd} from './stream-end.ts';

/** One client of the stream. */
interface Client {
  /** Bytes that it takes. */
  credit: number;
  gone: boolean;
  error: unknown;
}

export class OutputEnd implements StreamEnd, Disposable {
  readonly #fd: number;
  readonly #reader: PipeReader;
  readonly #change = new Change();
  /** Read and not yet sent. */
  #rest: Buffer = Buffer.alloc(0);
  #ended = false;
  #onDrained: (() => void)[] = [];

  /** Owns the descriptor. */
  constructor(fd: number) {
    this.#fd = fd;
    this.#reader = openPipeReader(fd, {
      chunkSize: pieceBytes,
      onData: chunk => {
        this.#reader.pause();
        this.#rest = chunk;
        this.#change.notify();
      },
      onEnd: () => this.#finish(),
      onError: () => this.#finish(),
    });
    this.#reader.pause();
  }

  async *serve(incoming: AsyncIterator<Any>, signal: AbortSignal): AsyncGenerator<Any, void, void> {
    const client: Client = {credit: 0, gone: false, error: undefined};
    const leave = () => {
      client.gone = true;
      this.#change.notify();
    };
    signal.addEventListener('abort', leave, {once: true});
    if (signal.aborted) leave();
    void this.#follow(client, incoming, leave);
    try {
      while (!client.gone && !(this.#ended && this.#rest.length === 0)) {
        if (this.#rest.length > 0 && client.credit > 0) {
          const size = Math.min(client.credit, this.#rest.length);
          yield dataMessage(this.#rest.subarray(0, size));
          // Only now has the connection taken it: a client that went away meanwhile leaves it for the next.
          client.credit -= size;
          this.#rest = this.#rest.subarray(size);
          this.#checkDrained();
          continue;
        }
        if (this.#rest.length === 0) this.#reader.resume();
        await this.#change.wait();
      }
      if (client.error !== undefined) throw client.error;
    } finally {
      signal.removeEventListener('abort', leave);
      if (!this.#ended) this.#reader.pause();
    }
  }

  async #follow(client: Client, incoming: AsyncIterator<Any>, leave: () => void): Promise<void> {
    try {
      for (let next = await incoming.next(); !next.done; next = await incoming.next()) {
        client.credit = Math.min(client.credit + parseWindow(next.value), Number.MAX_SAFE_INTEGER);
        this.#change.notify();
      }
    } catch (error) {
      client.error = error;
    }
    leave();
  }

  /** Resolves when all that was written so far has been sent. */
  async drained(): Promise<void> {
    const {promise, resolve} = Promise.withResolvers<void>();
    this.#onDrained.push(resolve);
    this.#checkDrained();
    await promise;
  }

  [Symbol.dispose](): void {
    this.#reader.close();
    this.#rest = Buffer.alloc(0);
    this.#finish();
  }

  #finish(): void {
    this.#ended = true;
    this.#change.notify();
    this.#checkDrained();
  }

  #checkDrained(): void {
    if (this.#onDrained.length === 0 || this.#rest.length > 0) return;
    if (!this.#ended && (pollFd(this.#fd, POLLIN) & POLLIN) !== 0) return;
    for (const resolve of this.#onDrained.splice(0)) resolve();
  }
}
