/** Reads the records of the driver `local`; see local-format.ts. */
import {EngineError} from '@longshore/errdefs';
import type {LogEntry, PartialLine} from '../../core/logs/log-entry.ts';
import type {RecordDecoder} from './record-format.ts';

const sizeBytes = 4;
/** A line has 16 KiB at most; far more than that is no record. */
const maximumRecord = 1024 * 1024;
const newline = Buffer.from('\n');

export class LocalDecoder implements RecordDecoder {
  #rest: Buffer = Buffer.alloc(0);

  push(data: Buffer): (LogEntry | undefined)[] {
    const all = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    const entries: (LogEntry | undefined)[] = [];
    let at = 0;
    while (at + sizeBytes <= all.length) {
      const size = all.readUInt32BE(at);
      if (size > maximumRecord) throw new EngineError('internal', 'the log file is damaged');
      const end = at + size + 2 * sizeBytes;
      if (end > all.length) break;
      entries.push(decodeEntry(all.subarray(at + sizeBytes, end - sizeBytes)));
      at = end;
    }
    // Copied: the piece that it lies in may be used again.
    this.#rest = Buffer.from(all.subarray(at));
    return entries;
  }
}

function decodeEntry(data: Buffer): LogEntry | undefined {
  const fields = readFields(data);
  const stream = fields?.bytes[1]?.toString();
  if (!fields || (stream !== 'stdout' && stream !== 'stderr')) return undefined;
  const text = fields.bytes[3] ?? Buffer.alloc(0);
  const partial = fields.bytes[5] && decodePartial(fields.bytes[5]);
  const isOpen = partial ? !partial.last : Boolean(fields.numbers[4]);
  const line = isOpen ? Buffer.from(text) : Buffer.concat([text, newline]);
  return {stream, line, timeNano: fields.numbers[2] ?? 0n, ...(partial ? {partial} : {})};
}

function decodePartial(data: Buffer): PartialLine | undefined {
  const fields = readFields(data);
  if (!fields) return undefined;
  const {numbers, bytes} = fields;
  return {last: numbers[1] === 1n, id: bytes[2]?.toString() ?? '', ordinal: Number(numbers[3] ?? 0n)};
}

interface Fields {
  numbers: Record<number, bigint>;
  bytes: Record<number, Buffer>;
}

/** Fields of a message by their numbers; undefined when it is none. Unknown ones do not matter. */
function readFields(data: Buffer): Fields | undefined {
  const fields: Fields = {numbers: {}, bytes: {}};
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = data[at++];
      if (byte === undefined) return undefined;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return undefined;
  };
  while (at < data.length) {
    const key = varint();
    const value = varint();
    if (key === undefined || value === undefined) return undefined;
    const field = Number(key >> 3n);
    if ((key & 7n) === 0n) fields.numbers[field] = value;
    else if ((key & 7n) === 2n) {
      fields.bytes[field] = data.subarray(at, at + Number(value));
      at += Number(value);
    } else return undefined;
  }
  return at === data.length ? fields : undefined;
}
