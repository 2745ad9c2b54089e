/** Writes the records of the driver `local`; see local-format.ts. */
import {type LogEntry, type PartialLine, type StreamName, textOf} from '../../core/logs/log-entry.ts';
import type {RecordBatch} from '../../core/logs/record-batch.ts';
import {OutputBuffer} from './output-buffer.ts';
import type {EncodedLines, RecordEncoder} from './record-format.ts';

const wireVarint = 0;
const wireBytes = 2;
const tag = (field: number, wire: number) => (field << 3) | wire;
/** More than everything around a line can need. */
const overhead = 160;
const lineFeed = 10;

/** Field 1 and the head of field 2: the same for all records of a stream. */
const heads: Record<StreamName, Buffer> = {stdout: headOf('stdout'), stderr: headOf('stderr')};

function headOf(stream: StreamName): Buffer {
  const name = Buffer.from(stream);
  return Buffer.concat([Buffer.from([tag(1, wireBytes), name.length]), name, Buffer.from([tag(2, wireVarint)])]);
}

export class LocalEncoder implements RecordEncoder {
  readonly output = new OutputBuffer();

  add({stream, line, timeNano, partial}: LogEntry): void {
    const text = textOf(line);
    this.output.reserve(this.worstSize(text.length, 1));
    this.#add(stream, text, 0, text.length, timeNano, partial);
  }

  addLines(stream: StreamName, {data, start, ends}: RecordBatch, first: number, timeNano: bigint): EncodedLines {
    let from = first === 0 ? start : (ends[first - 1] as number);
    this.output.reserve(this.worstSize(data.length - from, ends.length - first));
    let time = timeNano;
    let next = first;
    for (; next < ends.length; next++) {
      const end = ends[next] as number;
      if (data[end - 1] !== lineFeed) break;
      if (next > first) time += time % 10n === 9n ? 2n : 1n;
      this.#add(stream, data, from, end - 1, time, undefined);
      from = end;
    }
    return {next, lastTime: time};
  }

  worstSize(size: number, count: number): number {
    return size + count * overhead;
  }

  #add(
    stream: StreamName,
    data: Buffer,
    from: number,
    to: number,
    timeNano: bigint,
    partial: PartialLine | undefined,
  ): void {
    const {bytes, length: start} = this.output;
    let at = start + 4;
    at += heads[stream].copy(bytes, at);
    at = writeTime(bytes, at, timeNano);
    if (to > from) {
      bytes[at] = tag(3, wireBytes);
      at = writeVarint(bytes, at + 1, to - from);
      at += data.copy(bytes, at, from, to);
    }
    if (partial) at = writePartial(bytes, at, partial);
    const size = at - start - 4;
    bytes.writeUInt32BE(size, start);
    this.output.length = bytes.writeUInt32BE(size, at);
  }
}

function writePartial(target: Buffer, start: number, {id, ordinal, last}: PartialLine): number {
  const inner = Buffer.alloc(overhead);
  let size = last ? inner.writeUInt16BE((tag(1, wireVarint) << 8) | 1, 0) : 0;
  size = inner.writeUInt8(tag(2, wireBytes), size);
  size = writeVarint(inner, size, id.length);
  size += inner.write(id, size, 'latin1');
  size = inner.writeUInt8(tag(3, wireVarint), size);
  size = writeVarint(inner, size, ordinal);
  target[start] = tag(4, wireVarint);
  target[start + 1] = 1;
  target[start + 2] = tag(5, wireBytes);
  const at = writeVarint(target, start + 3, size);
  return at + inner.copy(target, at, 0, size);
}

/** A varint in two halves: arithmetic on one bigint for each seven bits would cost more than the rest. */
function writeTime(target: Buffer, offset: number, time: bigint): number {
  const low = Number(time & 0xfff_ffffn);
  const high = Number(time >> 28n);
  for (let i = 0; i < 4; i++) target[offset + i] = ((low >>> (7 * i)) & 0x7f) | 0x80;
  return writeVarint(target, offset + 4, high);
}

/** Of numbers below 2^53; returns the offset behind it. */
function writeVarint(target: Buffer, offset: number, value: number): number {
  let at = offset;
  let rest = value;
  while (rest > 0x7f) {
    target[at++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  target[at++] = rest;
  return at;
}
