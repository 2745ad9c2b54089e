/** The log mode `non-blocking`: a container never waits for its log; what does not fit into the buffer is dropped. */
import type {StreamName} from '../../core/logs/log-entry.ts';
import {batchSize, type RecordBatch, recordsOf, singleRecord} from '../../core/logs/record-batch.ts';
import type {LogWriter} from '../../core/ports/log-driver.ts';

/** The writer behind gets more while it is less than this behind. */
const writerBacklog = 64 * 1024;

type Waiting = {stream: StreamName; record: Buffer; position: number};

export class RingWriter implements LogWriter {
  readonly #inner: LogWriter;
  readonly #capacity: number;
  #queue: Waiting[] = [];
  #bytes = 0;
  #moving: Promise<void> | undefined;
  #dropped = 0;

  /** `capacity` in bytes. */
  constructor(inner: LogWriter, capacity: number) {
    this.#inner = inner;
    this.#capacity = capacity;
  }

  /** Records that did not fit. */
  get dropped(): number {
    return this.#dropped;
  }

  get copies(): boolean {
    return this.#inner.copies === true;
  }

  /** Nobody has to wait. */
  get backlog(): number {
    return 0;
  }

  append(stream: StreamName, batch: RecordBatch, position: number): void {
    if (batch.ends.length === 0) {
      this.#inner.append(stream, batch, position);
      return;
    }
    let at = position - batchSize(batch);
    for (const record of recordsOf(batch)) {
      at += record.length;
      // As in Docker a single record that is larger than the buffer is taken when the buffer is empty.
      if (this.#bytes + record.length > this.#capacity && this.#queue.length > 0) {
        this.#dropped++;
        continue;
      }
      // A copy: the piece that it is a part of is far larger than what may be kept.
      this.#queue.push({stream, record: Buffer.from(record), position: at});
      this.#bytes += record.length;
    }
    this.#moving ??= this.#move();
  }

  async flushed(): Promise<void> {
    await this.#moving;
    await this.#inner.flushed();
  }

  async close(): Promise<void> {
    await this.#moving;
    await this.#inner.close();
  }

  giveUp(): void {
    this.#inner.giveUp?.();
  }

  async #move(): Promise<void> {
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      for (const {stream, record, position} of batch) {
        if (this.#inner.backlog > writerBacklog) await this.#inner.flushed();
        this.#inner.append(stream, singleRecord(record), position);
        this.#bytes -= record.length;
      }
    }
    this.#moving = undefined;
  }
}
