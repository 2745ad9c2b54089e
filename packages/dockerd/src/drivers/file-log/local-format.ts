/**
 * local: records of protobuf, each between two copies of its size, so that a file can be read from its end.
 *
 *     uint32 BE size · LogEntry · uint32 BE size
 *     LogEntry: 1 source string, 2 time_nano int64, 3 line bytes (without line feed), 4 partial bool,
 *               5 {1 last bool, 2 id string, 3 ordinal int32}; fields that are zero are left out
 */
import type {FileHandle} from 'node:fs/promises';
import {LocalDecoder} from './local-decoder.ts';
import {LocalEncoder} from './local-encoder.ts';
import type {RecordFormat} from './record-format.ts';

const sizeBytes = 4;
const chunkSize = 64 * 1024;

export const localFormat: RecordFormat = {
  encoder: () => new LocalEncoder(),
  decoder: () => new LocalDecoder(),
  async findTail(handle, size, count) {
    const tail = new BackwardReader(handle);
    let offset = size;
    let records = 0;
    while (offset >= 2 * sizeBytes && records < count) {
      const length = await tail.uint32(offset - sizeBytes);
      if (length + 2 * sizeBytes > offset) break; // damaged: what is before it cannot be found from here
      offset -= length + 2 * sizeBytes;
      records++;
    }
    return {offset, records};
  },
  async wholeSize(handle, size) {
    let offset = 0;
    const head = Buffer.alloc(sizeBytes);
    // Forward: behind a torn record there is no size to go back from.
    while (offset + 2 * sizeBytes <= size) {
      await handle.read(head, 0, sizeBytes, offset);
      const next = offset + head.readUInt32BE(0) + 2 * sizeBytes;
      if (next > size) break;
      offset = next;
    }
    return offset;
  },
};

/** Reads numbers from the end of a file to its beginning, a chunk at a time. */
class BackwardReader {
  readonly #handle: FileHandle;
  readonly #chunk = Buffer.allocUnsafe(chunkSize);
  #start = 0;
  #end = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async uint32(offset: number): Promise<number> {
    if (offset < this.#start || offset + sizeBytes > this.#end) {
      this.#start = Math.max(0, offset + sizeBytes - chunkSize);
      const {bytesRead} = await this.#handle.read(this.#chunk, 0, chunkSize, this.#start);
      this.#end = this.#start + bytesRead;
    }
    return this.#chunk.readUInt32BE(offset - this.#start);
  }
}
