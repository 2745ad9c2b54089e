/** What a process reads: from whichever client has the stream open to the shim's end of its pipe. */
import type {Any} from '@longshore/api/gen/google/protobuf/any';
import {EngineError} from '@longshore/errdefs';
import {openPipeWriter, type PipeWriter} from '@longshore/linux';
import {parseData, windowBytes, windowMessage} from './byte-messages.ts';
import {Change, type StreamEnd} from './stream-end.ts';

/** One client of the stream. */
interface Client {
  /** Bytes that it may send. */
  allowed: number;
  /** It sends no more: its input has ended, or it is cut off. */
  done: boolean;
  error: unknown;
}

export class InputEnd implements StreamEnd, Disposable {
  readonly #writer: PipeWriter;
  readonly #change = new Change();
  /** What has come and was not yet written: never more than the window. */
  readonly #waiting = Buffer.allocUnsafeSlow(windowBytes);
  #filled = 0;
  #writing = false;
  #ended = false;

  /** Owns the descriptor. */
  constructor(fd: number) {
    this.#writer = openPipeWriter(fd, {ref: false});
  }

  async *serve(incoming: AsyncIterator<Any>, signal: AbortSignal): AsyncGenerator<Any, void, void> {
    const client: Client = {allowed: 0, done: false, error: undefined};
    const onAbort = () => this.#change.notify();
    signal.addEventListener('abort', onAbort, {once: true});
    void this.#receive(client, incoming);
    try {
      while (!this.#ended && !signal.aborted && !(client.done && this.#filled === 0)) {
        const update = windowBytes - this.#filled - client.allowed;
        if (update >= windowBytes / 2 && !client.done) {
          client.allowed += update;
          yield windowMessage(update);
          continue;
        }
        this.#write();
        if (!this.#ended && !(client.done && this.#filled === 0)) await this.#change.wait();
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
    if (signal.aborted) return; // a client that is cut off is not the end of input
    if (client.error !== undefined) throw client.error;
    this[Symbol.dispose]();
  }

  async #receive(client: Client, incoming: AsyncIterator<Any>): Promise<void> {
    try {
      for (let next = await incoming.next(); !next.done; next = await incoming.next()) {
        const data = parseData(next.value);
        client.allowed -= data.length;
        if (client.allowed < 0)
          throw new EngineError('invalid-argument', 'stream has more data than allowed: invalid argument');
        data.copy(this.#waiting, this.#filled);
        this.#filled += data.length;
        this.#change.notify();
      }
    } catch (error) {
      client.error = error;
    }
    client.done = true;
    this.#change.notify();
  }

  /** Gives the process what is waiting, at its pace, for as long as it takes: also when the client has gone. */
  #write(): void {
    if (this.#writing || this.#filled === 0) return;
    const size = this.#filled;
    let written: true | Promise<void>;
    try {
      written = this.#writer.write(this.#waiting.subarray(0, size));
    } catch {
      this[Symbol.dispose](); // the process reads no more
      return;
    }
    if (written === true) {
      this.#written(size);
      return;
    }
    this.#writing = true;
    written.then(
      () => this.#written(size),
      () => this[Symbol.dispose](),
    );
  }

  #written(size: number): void {
    this.#writing = false;
    this.#waiting.copyWithin(0, size, this.#filled);
    this.#filled -= size;
    this.#change.notify();
  }

  /** The process reads the end once `CloseIO` was called as well. */
  [Symbol.dispose](): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#writer.close();
    this.#change.notify();
  }
}
