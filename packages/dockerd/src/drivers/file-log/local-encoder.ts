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
    this.#add(stream, text, 0, text.length, new SplitTime(timeNano), partial);
  }

  addLines(stream: StreamName, {data, start, ends}: RecordBatch, first: number, timeNano: bigint): EncodedLines {
    let from = first === 0 ? start : (ends[first - 1] as number);
    this.output.reserve(this.worstSize(data.length - from, ends.length - first));
    const time = new SplitTime(timeNano);
    let next = first;
    for (; next < ends.length; next++) {
      const end = ends[next] as number;
      if (data[end - 1] !== lineFeed) break;
      if (next > first) time.advance();
      this.#add(stream, data, from, end - 1, time, undefined);
      from = end;
    }
    return {next, lastTime: time.value};
  }

  worstSize(size: number, count: number): number {
    return size + count * overhead;
  }

  #add(
    stream: StreamName,
    data: Buffer,
    from: number,
    to: number,
    time: SplitTime,
    partial: PartialLine | undefined,
  ): void {
    const {bytes, length: start} = this.output;
    let at = start + 4;
    at += heads[stream].copy(bytes, at);
    at = time.write(bytes, at);
    if (to > from) {
      bytes[at] = tag(3, wireBytes);
      at = writeVarint(bytes, at + 1, to - from);
      at += data.copy(bytes, at, from, to);
    }
    if (partial) at = writePartial(bytes, at, partial);
    const size = at - start - 4;
    writeSize(bytes, start, size);
    writeSize(bytes, at, size);
    this.output.length = at + 4;
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

/** Big-endian. */
function writeSize(target: Buffer, at: number, size: number): void {
  target[at] = size >>> 24;
  target[at + 1] = size >>> 16;
  target[at + 2] = size >>> 8;
  target[at + 3] = size;
}

const lowBits = 28;
const lowSize = 2 ** lowBits;

/** A time in two halves: arithmetic on bigints for each line would cost more than everything else. */
class SplitTime {
  #low: number;
  #high: number;
  #digit: number;

  constructor(time: bigint) {
    this.#low = Number(time & BigInt(lowSize - 1));
    this.#high = Number(time >> BigInt(lowBits));
    this.#digit = Number(time % 10n);
  }

  get value(): bigint {
    return (BigInt(this.#high) << BigInt(lowBits)) + BigInt(this.#low);
  }

  /** As LineClock does. */
  advance(): void {
    const step = this.#digit === 9 ? 2 : 1;
    this.#digit = (this.#digit + step) % 10;
    this.#low += step;
    if (this.#low < lowSize) return;
    this.#low -= lowSize;
    this.#high++;
  }

  /** A varint; returns the offset behind it. */
  write(target: Buffer, at: number): number {
    target[at] = (this.#low & 0x7f) | 0x80;
    target[at + 1] = ((this.#low >>> 7) & 0x7f) | 0x80;
    target[at + 2] = ((this.#low >>> 14) & 0x7f) | 0x80;
    target[at + 3] = (this.#low >>> 21) | 0x80;
    return writeVarint(target, at + 4, this.#high);
  }
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
