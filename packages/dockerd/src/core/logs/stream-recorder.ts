import type {LogWriter} from '../ports/log-driver.ts';
import {LineSplitter} from './line-splitter.ts';
import type {StreamName} from './log-entry.ts';

/** Cuts one stream into records for a log; records that an earlier daemon wrote already are left out. */
export class StreamRecorder {
  readonly #stream: StreamName;
  readonly #writer: LogWriter;
  readonly #splitter = new LineSplitter();
  #toSkip: number;
  #position: number;

  /** `position` is where the stream begins, `written` how many records behind it are in the log. */
  constructor(stream: StreamName, writer: LogWriter, position: number, written: number) {
    this.#stream = stream;
    this.#writer = writer;
    this.#position = position;
    this.#toSkip = written;
  }

  push(data: Buffer): void {
    this.#record(this.#splitter.push(data));
  }

  /** The stream has ended: a last line without a line feed is a record too. */
  flush(): void {
    const last = this.#splitter.flush();
    if (last) this.#record([last]);
  }

  #record(records: Buffer[]): void {
    const skipped = records.splice(0, this.#toSkip);
    if (skipped.length > 0) {
      this.#toSkip -= skipped.length;
      this.#position += sizeOf(skipped);
      this.#writer.append(this.#stream, [], this.#position);
    }
    if (records.length === 0) return;
    this.#position += sizeOf(records);
    this.#writer.append(this.#stream, records, this.#position);
  }
}

function sizeOf(records: readonly Buffer[]): number {
  return records.reduce((sum, record) => sum + record.length, 0);
}
