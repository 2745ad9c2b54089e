/**
 * Writes the lines of a json-file log, byte for byte as Docker's encoder: `<`, `>`, `&`, control characters and the
 * two line separators of Unicode are escaped, bytes that are no UTF-8 become U+FFFD.
 */
import type {LogEntry, StreamName} from '../../core/logs/log-entry.ts';
import type {RecordBatch} from '../../core/logs/record-batch.ts';
import {escapeInto, escapeText, isPlain, maximumExpansion} from './json-escape.ts';
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

  addLines(stream: StreamName, {data, start, ends}: RecordBatch, first: number, timeNano: bigint): EncodedLines {
    const {output} = this;
    const suffix = this.#suffixes[stream];
    suffix.setTime(timeNano);
    let from = first === 0 ? start : (ends[first - 1] as number);
    const size = data.length - from;
    const isAllPlain = isPlain(data, from, data.length);
    output.reserve(isAllPlain ? size + (ends.length - first) * suffix.recordSize : this.worstSize(size, ends.length));
    let next = first;
    for (; next < ends.length; next++) {
      const end = ends[next] as number;
      if (data[end - 1] !== lineFeed) break;
      if (next > first) suffix.advance();
      let at = output.length + prefix.copy(output.bytes, output.length);
      if (isAllPlain) at += data.copy(output.bytes, at, from, end - 1);
      else at = escapeInto(output.bytes, at, data.subarray(from, end - 1));
      output.length = at + suffix.bytes.copy(output.bytes, at);
      from = end;
    }
    return {next, lastTime: suffix.time};
  }

  worstSize(size: number, count: number): number {
    return size * maximumExpansion + count * this.#suffixes.stdout.recordSize;
  }
}

function encodeAttributes(attributes: Readonly<Record<string, string>>): string {
  const sorted = Object.keys(attributes).sort();
  const pairs = sorted.map(key => `"${escapeText(key)}":"${escapeText(attributes[key] as string)}"`);
  return `{${pairs.join(',')}}`;
}
