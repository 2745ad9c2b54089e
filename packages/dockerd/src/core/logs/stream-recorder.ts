import type {LogWriter} from '../ports/log-driver.ts';
import {LineSplitter} from './line-splitter.ts';
import type {StreamName} from './log-entry.ts';
import {batchSize, type RecordBatch, withoutFirst} from './record-batch.ts';

/** Cuts one stream into records for a log; records that an earlier daemon wrote already are left out. */
export class StreamRecorder {
  readonly #stream: StreamName;
  readonly #writer: LogWriter;
  readonly #splitter = new LineSplitter();
  #toSkip: number;
  #position: number;
  #skippedTo: number;

  /** `position` is where the stream begins, `written` how many records behind it are in the log. */
  constructor(stream: StreamName, writer: LogWriter, position: number, written: number) {
    this.#stream = stream;
    this.#writer = writer;
    this.#position = position;
    this.#skippedTo = position;
    this.#toSkip = written;
  }

  /** Where the records end that an earlier daemon wrote; undefined while not all of them have been seen. */
  get skippedTo(): number | undefined {
    return this.#toSkip === 0 ? this.#skippedTo : undefined;
  }

  push(data: Buffer): void {
    for (const batch of this.#splitter.push(data)) this.#record(batch);
  }

  /** The stream has ended: a last line without a line feed is a record too. */
  flush(): void {
    const last = this.#splitter.flush();
    if (last) this.#record(last);
  }

  #record(batch: RecordBatch): void {
    const skipped = Math.min(this.#toSkip, batch.ends.length);
    if (skipped > 0) this.#skippedTo = this.#position + (batch.ends[skipped - 1] as number) - batch.start;
    this.#toSkip -= skipped;
    this.#position += batchSize(batch);
    this.#writer.append(this.#stream, skipped === 0 ? batch : withoutFirst(batch, skipped), this.#position);
  }
}
