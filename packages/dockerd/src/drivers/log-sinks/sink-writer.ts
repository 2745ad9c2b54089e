/** A log writer over a sink: takes records at once, sends them one batch after the other. */
import type {Logger} from '@longshore/base';
import {messageOf} from '@longshore/errdefs';
import {LineClock} from '../../core/logs/line-clock.ts';
import {LineTracker} from '../../core/logs/line-tracker.ts';
import type {LogEntry, StreamName} from '../../core/logs/log-entry.ts';
import {batchSize, type RecordBatch, recordsOf} from '../../core/logs/record-batch.ts';
import type {LogWriter, StreamPositions} from '../../core/ports/log-driver.ts';
import type {LogSink} from './log-sink.ts';

const batchBytes = 256 * 1024;
const complaintIntervalMs = 10_000;

/** `position` is the stream's offset behind the record. */
type Waiting = {entry: LogEntry; position: number};

export class SinkWriter implements LogWriter {
  readonly #sink: LogSink;
  readonly #save: (positions: StreamPositions) => void;
  readonly #log: Logger;
  readonly #lines = new LineTracker();
  readonly #clock = new LineClock();
  readonly #abort = new AbortController();
  readonly #positions: StreamPositions;
  #queue: Waiting[] = [];
  #backlog = 0;
  #sending: Promise<void> | undefined;
  /** Ends a wait for more records. */
  #hurry: () => void = () => {};
  #complainedAt = 0;
  #lost = 0;
  #closed = false;

  /** `save` is called with the positions behind what the sink has taken. */
  constructor(sink: LogSink, positions: StreamPositions, save: (positions: StreamPositions) => void, log: Logger) {
    this.#sink = sink;
    this.#positions = {...positions};
    this.#save = save;
    this.#log = log;
    save(this.#positions);
  }

  get backlog(): number {
    return this.#backlog;
  }

  append(stream: StreamName, records: RecordBatch, position: number): void {
    const size = batchSize(records);
    let at = position - size;
    this.#clock.update();
    for (const line of recordsOf(records)) {
      at += line.length;
      this.#queue.push({entry: this.#lines.entryOf(stream, line, this.#clock.next()), position: at});
    }
    this.#backlog += size;
    if (size === 0) this.#positions[stream] = position;
    if (this.#queue.length >= (this.#sink.linger?.batchRecords ?? 1)) this.#hurry();
    this.#sending ??= this.#sendAll();
  }

  async flushed(): Promise<void> {
    this.#hurry();
    await this.#sending;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.flushed();
    try {
      await this.#sink.close(this.#abort.signal);
    } catch (error) {
      this.#log.warn({error: messageOf(error)}, 'cannot send the last records of a log');
    }
    if (this.#lost > 0) this.#log.warn({records: this.#lost}, 'records of a log were lost');
  }

  giveUp(): void {
    this.#abort.abort(new DOMException('the container has ended and its log collector does not answer', 'AbortError'));
  }

  async #sendAll(): Promise<void> {
    await Promise.resolve(); // let the records of the same turn come together
    while (this.#queue.length > 0) {
      await this.#waitForMore();
      const batch = this.#takeBatch();
      try {
        this.#abort.signal.throwIfAborted();
        await this.#sink.send(
          batch.map(({entry}) => entry),
          this.#abort.signal,
        );
      } catch (error) {
        this.#complain(error, batch.length);
      }
      for (const {entry, position} of batch) {
        this.#positions[entry.stream] = position;
        this.#backlog -= entry.line.length;
      }
      this.#save(this.#positions);
    }
    this.#sending = undefined;
  }

  async #waitForMore(): Promise<void> {
    const {milliseconds = 0, batchRecords = 1} = this.#sink.linger ?? {};
    if (this.#closed || this.#queue.length >= batchRecords) return;
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, milliseconds);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#hurry = () => {};
  }

  #takeBatch(): Waiting[] {
    let bytes = 0;
    let end = 0;
    const most = Math.min(this.#queue.length, this.#sink.linger?.batchRecords ?? Number.POSITIVE_INFINITY);
    while (end < most && bytes < batchBytes) bytes += this.#queue[end++]?.entry.line.length ?? 0;
    return this.#queue.splice(0, end);
  }

  /** A collector that is away fails every batch: one line about it in ten seconds is enough. */
  #complain(error: unknown, records: number): void {
    this.#lost += records;
    if (Date.now() - this.#complainedAt < complaintIntervalMs) return;
    this.#log.error({error: messageOf(error), records: this.#lost}, 'cannot send records of a log: they are lost');
    this.#complainedAt = Date.now();
    this.#lost = 0;
  }
}
