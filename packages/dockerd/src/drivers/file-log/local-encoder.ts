/** Writes the records of the driver `local`; see local-format.ts. */
import {type LogEntry, type PartialLine, textOf} from '../../core/logs/log-entry.ts';
import type {RecordEncoder} from './record-format.ts';

const wireVarint = 0;
const wireBytes = 2;
const tag = (field: number, wire: number) => (field << 3) | wire;
/** More than everything around a line can need. */
const overhead = 160;

export class LocalEncoder implements RecordEncoder {
  #buffer = Buffer.allocUnsafeSlow(64 * 1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add({stream, line, timeNano, partial}: LogEntry): void {
    const text = textOf(line);
    this.#reserve(text.length + overhead);
    const start = this.#length;
    let at = start + 4;
    at = this.#bytes(at, 1, Buffer.from(stream));
    if (timeNano !== 0n) at = writeVarint(this.#buffer, this.#byte(at, tag(2, wireVarint)), timeNano);
    if (text.length > 0) at = this.#bytes(at, 3, text);
    if (partial) at = this.#partial(at, partial);
    const size = at - start - 4;
    this.#buffer.writeUInt32BE(size, start);
    this.#length = this.#buffer.writeUInt32BE(size, at);
  }

  take(): Buffer {
    const taken = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    return taken;
  }

  #partial(start: number, {id, ordinal, last}: PartialLine): number {
    const end = writeVarint(this.#buffer, this.#byte(start, tag(4, wireVarint)), 1n);
    const inner = Buffer.alloc(overhead);
    let size = 0;
    if (last) size = inner.writeUInt16BE((tag(1, wireVarint) << 8) | 1, 0);
    size = inner.writeUInt8(tag(2, wireBytes), size);
    size = writeVarint(inner, size, BigInt(id.length));
    size += inner.write(id, size, 'latin1');
    size = inner.writeUInt8(tag(3, wireVarint), size);
    size = writeVarint(inner, size, BigInt(ordinal));
    return this.#bytes(end, 5, inner.subarray(0, size));
  }

  #bytes(start: number, field: number, value: Buffer): number {
    const at = writeVarint(this.#buffer, this.#byte(start, tag(field, wireBytes)), BigInt(value.length));
    return at + value.copy(this.#buffer, at);
  }

  #byte(at: number, value: number): number {
    this.#buffer[at] = value;
    return at + 1;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#length + more));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}

/** Returns the offset behind it. */
function writeVarint(target: Buffer, offset: number, value: bigint): number {
  let at = offset;
  let rest = value;
  while (rest > 0x7fn) {
    target[at++] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
  }
  target[at++] = Number(rest);
  return at;
}
