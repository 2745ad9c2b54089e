/** Lets a container start and go on while its collector is away: what does not fit into the buffer is lost. */
import {EngineError} from '@longshore/errdefs';
import type {LogEntry} from '../../../core/logs/log-entry.ts';
import type {LogSink} from '../log-sink.ts';

export class BufferedSink implements LogSink {
  readonly #inner: LogSink;
  readonly #capacity: number;
  readonly #abort = new AbortController();
  #queue: LogEntry[] = [];
  #bytes = 0;
  #sending: Promise<void> | undefined;
  #failure: unknown;

  /** `capacity` in bytes of text. */
  constructor(inner: LogSink, capacity: number) {
    this.#inner = inner;
    this.#capacity = capacity;
  }

  async send(entries: readonly LogEntry[]): Promise<void> {
    const size = sizeOf(entries);
    if (this.#bytes + size > this.#capacity && this.#queue.length > 0) {
      throw new EngineError('unavailable', 'the buffer of the log is full', {cause: this.#failure});
    }
    // Copies: the pieces that the lines are parts of are far larger.
    this.#queue.push(...entries.map(entry => ({...entry, line: Buffer.from(entry.line)})));
    this.#bytes += size;
    this.#sending ??= this.#sendAll();
  }

  async close(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#abort.abort(signal.reason), {once: true});
    if (signal.aborted) this.#abort.abort(signal.reason);
    await this.#sending;
    await this.#inner.close(signal);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #sendAll(): Promise<void> {
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      try {
        await this.#inner.send(batch, this.#abort.signal);
        this.#failure = undefined;
      } catch (error) {
        this.#failure = error;
      }
      this.#bytes -= sizeOf(batch);
    }
    this.#sending = undefined;
  }
}

function sizeOf(entries: readonly LogEntry[]): number {
  return entries.reduce((sum, {line}) => sum + line.length, 0);
}
