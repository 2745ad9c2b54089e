import {maximumLine} from './log-entry.ts';

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

  /** Takes the next bytes and returns the records that they complete. The buffers are parts of `chunk`, not copies. */
  push(chunk: Buffer): Buffer[] {
    const records: Buffer[] = [];
    let start = 0;
    while (start < chunk.length) {
      const room = maximumLine - this.#restSize;
      const lineFeed = chunk.indexOf(10, start);
      const isLine = lineFeed >= 0 && lineFeed - start < room;
      if (!isLine && chunk.length - start < room) break;
      const end = isLine ? lineFeed + 1 : start + room;
      records.push(this.#complete(chunk.subarray(start, end)));
      start = end;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
    return records;
  }

  /** The end of the stream: what is left is a record without a line feed. */
  flush(): Buffer | undefined {
    return this.#restSize === 0 ? undefined : this.#complete(Buffer.alloc(0));
  }

  #complete(tail: Buffer): Buffer {
    if (this.#restSize === 0) return tail;
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
