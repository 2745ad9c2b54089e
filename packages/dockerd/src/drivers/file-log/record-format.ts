/** What a file of records looks like: the writer, the reader and the recovery know no more of it than this. */
import type {FileHandle} from 'node:fs/promises';
import type {LogEntry, StreamName} from '../../core/logs/log-entry.ts';
import type {RecordBatch} from '../../core/logs/record-batch.ts';
import type {OutputBuffer} from './output-buffer.ts';

export interface RecordFormat {
  /** `attributes` are those of every record of the log. */
  encoder(attributes: Readonly<Record<string, string>> | undefined): RecordEncoder;
  decoder(): RecordDecoder;
  /** Where the last `count` records of the first `size` bytes begin, and how many there are of them. */
  findTail(handle: FileHandle, size: number, count: number): Promise<{offset: number; records: number}>;
  /** Size of the file without a record that was cut in its middle. */
  wholeSize(handle: FileHandle, size: number): Promise<number>;
}

export interface RecordEncoder {
  /** Where the encoded records are. */
  readonly output: OutputBuffer;
  add(entry: LogEntry): void;
  /**
   * Encodes the records of a batch from number `first` on, up to one that is no whole line. The first gets the time
   * `timeNano`, each further one the next that LineClock would give.
   */
  addLines(stream: StreamName, batch: RecordBatch, first: number, timeNano: bigint): EncodedLines;
  /** At most so many bytes come out of `count` records of `size` bytes in sum. */
  worstSize(size: number, count: number): number;
}

export interface EncodedLines {
  /** Number of the record to go on with. */
  next: number;
  /** Time of the last one that was encoded. */
  lastTime: bigint;
}

/** Cuts the bytes of a file into records; one that is not complete waits for the rest. */
export interface RecordDecoder {
  /** The records that are complete now; undefined for a damaged one, which must not hide those behind it. */
  push(data: Buffer): (LogEntry | undefined)[];
}
