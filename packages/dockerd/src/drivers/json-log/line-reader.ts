/** Reads lines of a file from a place on; a line that is not complete yet waits for its end. */
import type {FileHandle} from 'node:fs/promises';

const chunkSize = 64 * 1024;

export class LineReader {
  readonly #handle: FileHandle;
  readonly #buffer = Buffer.allocUnsafe(chunkSize);
  #offset: number;
  #rest: Buffer = Buffer.alloc(0);

  constructor(handle: FileHandle, offset = 0) {
    this.#handle = handle;
    this.#offset = offset;
  }

  /** Bytes read so far, that of an incomplete line included. */
  get offset(): number {
    return this.#offset;
  }

  /** The complete lines that can be read now, without their line feeds; none at the end of the file. */
  async next(): Promise<string[]> {
    for (;;) {
      const {bytesRead} = await this.#handle.read(this.#buffer, 0, chunkSize, this.#offset);
      if (bytesRead === 0) return [];
      this.#offset += bytesRead;
      const data = Buffer.concat([this.#rest, this.#buffer.subarray(0, bytesRead)]);
      const end = data.lastIndexOf(10);
      this.#rest = data.subarray(end + 1);
      if (end >= 0) return data.toString('utf8', 0, end).split('\n');
    }
  }

  /** The file was emptied: starts again at its beginning. */
  restart(): void {
    this.#offset = 0;
    this.#rest = Buffer.alloc(0);
  }
}

/** Offset of the last `count` lines of a file of `size` bytes, and how many lines of them it has. */
export async function findTail(
  handle: FileHandle,
  size: number,
  count: number,
): Promise<{offset: number; lines: number}> {
  const buffer = Buffer.allocUnsafe(chunkSize);
  let lines = 0;
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - chunkSize);
    const {bytesRead} = await handle.read(buffer, 0, end - start, start);
    // The line feed at the very end of the file ends the last line and begins none.
    let at = end === size ? bytesRead - 2 : bytesRead - 1;
    for (at = lastLineFeed(buffer, at); at >= 0; at = lastLineFeed(buffer, at - 1)) {
      if (++lines === count) return {offset: start + at + 1, lines};
    }
    end = start;
  }
  return {offset: 0, lines: size > 0 ? lines + 1 : 0};
}

/** Buffer.lastIndexOf takes a negative start as "from the end". */
function lastLineFeed(buffer: Buffer, from: number): number {
  return from < 0 ? -1 : buffer.lastIndexOf(10, from);
}
