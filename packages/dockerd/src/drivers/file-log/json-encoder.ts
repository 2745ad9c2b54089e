/**
 * Writes the lines of a json-file log, byte for byte as Docker's encoder: `<`, `>`, `&`, control characters and the
 * two line separators of Unicode are escaped, bytes that are no UTF-8 become U+FFFD.
 */
import {type LogEntry, maximumLine, type StreamName} from '../../core/logs/log-entry.ts';
import type {RecordBatch} from '../../core/logs/record-batch.ts';
import {LogSimd, maximumInput, maximumSuffix, minimumInput} from '../../core/logs/simd/log-simd.ts';
import {escapeInto, escapeText, maximumExpansion} from './json-escape.ts';
import {JsonSuffix} from './json-suffix.ts';
import {OutputBuffer} from './output-buffer.ts';
import type {EncodedLines, RecordEncoder} from './record-format.ts';

const prefix = Buffer.from('{"log":"');
const lineFeed = 10;

export class JsonEncoder implements RecordEncoder {
  readonly output = new OutputBuffer();
  readonly #suffixes: Record<StreamName, JsonSuffix>;

  constructor(attributes: Readonly<Record<string, string>> | undefined) {
    // The same for every record of a container.
    const text = attributes ? `,"attrs":${encodeAttributes(attributes)}` : '';
    this.#suffixes = {stdout: new JsonSuffix('stdout', text), stderr: new JsonSuffix('stderr', text)};
  }

  add({stream, line, timeNano}: LogEntry): void {
    const {output} = this;
    const suffix = this.#suffixes[stream];
    suffix.setTime(timeNano);
    output.reserve(this.worstSize(line.length, 1));
    output.length += prefix.copy(output.bytes, output.length);
    output.length = escapeInto(output.bytes, output.length, line);
    output.length += suffix.bytes.copy(output.bytes, output.length, suffix.afterLine);
  }

  addLines(stream: StreamName, batch: RecordBatch, first: number, timeNano: bigint): EncodedLines {
    const suffix = this.#suffixes[stream];
    suffix.setTime(timeNano);
    const last = lastOfLines(batch, first);
    const from = startOf(batch, first);
    const size = (batch.ends[last] as number) - from;
    if (size < minimumInput || size > maximumInput || suffix.bytes.length > maximumSuffix || !LogSimd.shared) {
      return this.#addOneByOne(suffix, batch, first, last);
    }
    return this.#addMany(LogSimd.shared, suffix, batch.data.subarray(from, from + size), first);
  }

  /** All lines in one go, except where the second of the time changes on the way. */
  #addMany(simd: LogSimd, suffix: JsonSuffix, lines: Buffer, first: number): EncodedLines {
    const {output} = this;
    let next = first;
    for (let at = 0; at < lines.length; ) {
      if (next > first) suffix.advance();
      const {lines: count, taken, bytes} = simd.jsonLines(lines.subarray(at), suffix.bytes, maximumLine);
      suffix.countedUp();
      output.reserve(bytes.length);
      output.bytes.set(bytes, output.length);
      output.length += bytes.length;
      next += count;
      at += taken;
    }
    return {next, lastTime: suffix.time};
  }

  #addOneByOne(suffix: JsonSuffix, batch: RecordBatch, first: number, last: number): EncodedLines {
    const {output} = this;
    const {data, ends} = batch;
    let from = startOf(batch, first);
    output.reserve(this.worstSize((ends[last] as number) - from, last + 1 - first));
    for (let next = first; next <= last; next++) {
      const end = ends[next] as number;
      if (next > first) suffix.advance();
      let at = output.length + prefix.copy(output.bytes, output.length);
      at = escapeInto(output.bytes, at, data.subarray(from, end - 1));
      output.length = at + suffix.bytes.copy(output.bytes, at);
      from = end;
    }
    return {next: last + 1, lastTime: suffix.time};
  }

  worstSize(size: number, count: number): number {
    return size * maximumExpansion + count * this.#suffixes.stdout.recordSize;
  }
}

function startOf({start, ends}: RecordBatch, record: number): number {
  return record === 0 ? start : (ends[record - 1] as number);
}

/** The last of the records from `first` on, which is a line, that are lines too. */
function lastOfLines({data, ends}: RecordBatch, first: number): number {
  let last = first;
  while (last + 1 < ends.length && data[(ends[last + 1] as number) - 1] === lineFeed) last++;
  return last;
}

function encodeAttributes(attributes: Readonly<Record<string, string>>): string {
  const sorted = Object.keys(attributes).sort();
  const pairs = sorted.map(key => `"${escapeText(key)}":"${escapeText(attributes[key] as string)}"`);
  return `{${pairs.join(',')}}`;
}
