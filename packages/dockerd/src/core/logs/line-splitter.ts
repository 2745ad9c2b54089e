import {maximumLine} from './log-entry.ts';
import {type RecordBatch, singleRecord} from './record-batch.ts';
import {LogSimd, maximumInput, minimumInput} from './simd/log-simd.ts';

const lineFeed = 10;

/**
 * Cuts a byte stream into log records: lines with their line feed, and pieces of 16 KiB of longer ones. Where it cuts
 * depends on the bytes alone, never on how they came in, so that a stream that is read again gives the same records.
 */
export class LineSplitter {
  #rest: Buffer[] = [];
  #restSize = 0;

  /** Bytes that were given but belong to a record that is not complete yet. */
  get pending(): number {
    return this.#restSize;
  }

  /** Takes the next bytes and returns the records that they complete, in order: parts of `chunk`, not copies. */
  push(chunk: Buffer): RecordBatch[] {
    const batches: RecordBatch[] = [];
    let start = 0;
    if (this.#restSize > 0) {
      start = recordEnd(chunk, 0, maximumLine - this.#restSize);
      if (start > 0) batches.push(singleRecord(this.#complete(chunk.subarray(0, start))));
      else start = 0;
    }
    const ends = this.#restSize === 0 ? recordEnds(chunk, start) : [];
    const end = ends[ends.length - 1] ?? start;
    if (ends.length > 0) batches.push({data: chunk, start, ends});
    if (end < chunk.length) this.#keep(chunk.subarray(end));
    return batches;
  }

  /** The end of the stream: what is left is a record without a line feed. */
  flush(): RecordBatch | undefined {
    return this.#restSize === 0 ? undefined : singleRecord(this.#complete(Buffer.alloc(0)));
  }

  #complete(tail: Buffer): Buffer {
    const record = Buffer.concat([...this.#rest, tail]);
    this.#rest = [];
    this.#restSize = 0;
    return record;
  }

  /** Copied: the rest must not hold a whole chunk in memory for a few bytes. */
  #keep(piece: Buffer): void {
    this.#rest.push(Buffer.from(piece));
    this.#restSize += piece.length;
  }
}

/** Where all records end that are complete, the first of which begins at `start`. */
function recordEnds(chunk: Buffer, start: number): readonly number[] | Int32Array {
  const size = chunk.length - start;
  if (size >= minimumInput && size <= maximumInput && LogSimd.shared) {
    return LogSimd.shared.lineEnds(chunk, start, maximumLine);
  }
  const ends: number[] = [];
  let end = recordEnd(chunk, start, maximumLine);
  for (; end > 0; end = recordEnd(chunk, end, maximumLine)) ends.push(end);
  return ends;
}

/** Where the record that begins at `start` ends when it may have `room` bytes; 0 when it is not complete. */
function recordEnd(chunk: Buffer, start: number, room: number): number {
  if (start >= chunk.length) return 0;
  const found = chunk.indexOf(lineFeed, start);
  if (found >= 0 && found - start < room) return found + 1;
  return chunk.length - start >= room ? start + room : 0;
}
