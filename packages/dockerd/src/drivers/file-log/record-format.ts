/** What a file of records looks like: the writer, the reader and the recovery know no more of it than this. */
import type {FileHandle} from 'node:fs/promises';
import type {LogEntry} from '../../core/logs/log-entry.ts';

export interface RecordFormat {
  /** `attributes` are those of every record of the log. */
  encoder(attributes: Readonly<Record<string, string>> | undefined): RecordEncoder;
  decoder(): RecordDecoder;
  /** Where the last `count` records of the first `size` bytes begin, and how many there are of them. */
  findTail(handle: FileHandle, size: number, count: number): Promise<{offset: number; records: number}>;
  /** Size of the file without a record that was cut in its middle. */
  wholeSize(handle: FileHandle, size: number): Promise<number>;
}

/** Encodes records into one buffer that grows as needed and is used again for the next batch. */
export interface RecordEncoder {
  /** Bytes that are encoded and not taken yet. */
  readonly length: number;
  add(entry: LogEntry): void;
  /** The encoded records; valid until the next `add`. Empties the encoder. */
  take(): Buffer;
}

/** Cuts the bytes of a file into records; one that is not complete waits for the rest. */
export interface RecordDecoder {
  /** The records that are complete now; undefined for a damaged one, which must not hide those behind it. */
  push(data: Buffer): (LogEntry | undefined)[];
}
