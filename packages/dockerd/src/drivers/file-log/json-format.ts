/** json-file: one JSON object a line. */
import type {FileHandle} from 'node:fs/promises';
import type {LogEntry} from '../../core/logs/log-entry.ts';
import {parseNano} from '../../core/time.ts';
import {JsonEncoder} from './json-encoder.ts';
import type {RecordDecoder, RecordFormat} from './record-format.ts';

const lineFeed = 10;
const chunkSize = 64 * 1024;

export const jsonFormat: RecordFormat = {
  encoder: attributes => new JsonEncoder(attributes),
  decoder: () => new JsonDecoder(),
  findTail,
  async wholeSize(handle, size) {
    if (size === 0) return 0;
    const last = Buffer.alloc(1);
    await handle.read(last, 0, 1, size - 1);
    return last[0] === lineFeed ? size : (await findTail(handle, size, 1)).offset;
  },
};

class JsonDecoder implements RecordDecoder {
  #rest: Buffer = Buffer.alloc(0);

  push(data: Buffer): (LogEntry | undefined)[] {
    const all = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    const end = all.lastIndexOf(lineFeed);
    // Copied: the piece that it lies in may be used again.
    this.#rest = Buffer.from(all.subarray(end + 1));
    return end < 0 ? [] : all.toString('utf8', 0, end).split('\n').map(parseRecord);
  }
}

/** One line of the file; undefined when it is damaged. */
function parseRecord(line: string): LogEntry | undefined {
  try {
    const {log, stream, time, attrs} = JSON.parse(line);
    const timeNano = typeof time === 'string' ? parseNano(time) : undefined;
    if (typeof log !== 'string' || timeNano === undefined || (stream !== 'stdout' && stream !== 'stderr'))
      return undefined;
    return {stream, line: Buffer.from(log), timeNano, ...(attrs ? {attributes: attrs} : {})};
  } catch {
    return undefined;
  }
}

async function findTail(handle: FileHandle, size: number, count: number): Promise<{offset: number; records: number}> {
  const buffer = Buffer.allocUnsafe(chunkSize);
  let records = 0;
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - chunkSize);
    const {bytesRead} = await handle.read(buffer, 0, end - start, start);
    // The line feed at the very end of the file ends the last line and begins none.
    let at = end === size ? bytesRead - 2 : bytesRead - 1;
    for (at = lastLineFeed(buffer, at); at >= 0; at = lastLineFeed(buffer, at - 1)) {
      if (++records === count) return {offset: start + at + 1, records};
    }
    end = start;
  }
  return {offset: 0, records: size > 0 ? records + 1 : 0};
}

/** Buffer.lastIndexOf takes a negative start as "from the end". */
function lastLineFeed(buffer: Buffer, from: number): number {
  return from < 0 ? -1 : buffer.lastIndexOf(lineFeed, from);
}
