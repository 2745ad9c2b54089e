/**
 * Writes the lines of a json-file log, byte for byte as Docker's encoder: `<`, `>`, `&`, control characters and the
 * two line separators of Unicode are escaped, bytes that are no UTF-8 become U+FFFD.
 */
import type {LogEntry} from '../../core/logs/log-entry.ts';
import {formatNano} from '../../core/time.ts';
import type {RecordEncoder} from './record-format.ts';

const prefix = Buffer.from('{"log":"');
const needsEscape = new Uint8Array(256);
for (let byte = 0; byte < 0x20; byte++) needsEscape[byte] = 1;
for (const char of '"\\<>&') needsEscape[char.charCodeAt(0)] = 1;
const hex = Buffer.from('0123456789abcdef');
/** The worst case of one byte: `\u003c`. */
const maximumExpansion = 6;

export class JsonEncoder implements RecordEncoder {
  /** `,"attrs":{…}` or empty: the same for every record of a container. */
  readonly #attributes: Buffer;
  #buffer = Buffer.allocUnsafeSlow(64 * 1024);
  #length = 0;
  #time = -1n;
  #suffixes: Record<LogEntry['stream'], Buffer> = {stdout: Buffer.alloc(0), stderr: Buffer.alloc(0)};

  constructor(attributes: Readonly<Record<string, string>> | undefined) {
    this.#attributes = Buffer.from(attributes ? `,"attrs":${encodeAttributes(attributes)}` : '');
  }

  get length(): number {
    return this.#length;
  }

  add({stream, line, timeNano}: LogEntry): void {
    const suffix = this.#suffixOf(stream, timeNano);
    this.#reserve(prefix.length + line.length * maximumExpansion + suffix.length);
    this.#length += prefix.copy(this.#buffer, this.#length);
    this.#length = escapeInto(this.#buffer, this.#length, line);
    this.#length += suffix.copy(this.#buffer, this.#length);
  }

  take(): Buffer {
    const taken = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    return taken;
  }

  /** Many records share a time: what follows the text is made once for each. */
  #suffixOf(stream: LogEntry['stream'], time: bigint): Buffer {
    if (time !== this.#time) {
      this.#time = time;
      const attributes = this.#attributes.toString();
      const make = (name: string) => Buffer.from(`","stream":"${name}"${attributes},"time":"${formatNano(time)}"}\n`);
      this.#suffixes = {stdout: make('stdout'), stderr: make('stderr')};
    }
    return this.#suffixes[stream];
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#length + more));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}

/** Writes the inside of a JSON string; returns the offset behind it. */
function escapeInto(target: Buffer, offset: number, line: Buffer): number {
  let at = offset;
  for (let i = 0; i < line.length; i++) {
    const byte = line[i] as number;
    if (byte >= 0x80) return escapeUnicode(target, offset, line);
    if (needsEscape[byte] === 0) target[at++] = byte;
    else at = escapeByte(target, at, byte);
  }
  return at;
}

function escapeByte(target: Buffer, at: number, byte: number): number {
  target[at] = 0x5c;
  if (byte === 0x0a || byte === 0x0d || byte === 0x22 || byte === 0x5c) {
    target[at + 1] = byte === 0x0a ? 0x6e : byte === 0x0d ? 0x72 : byte;
    return at + 2;
  }
  target[at + 1] = 0x75;
  target[at + 2] = target[at + 3] = 0x30;
  target[at + 4] = hex[byte >> 4] as number;
  target[at + 5] = hex[byte & 15] as number;
  return at + 6;
}

const decoder = new TextDecoder('utf-8', {ignoreBOM: true});

/** The slow way, for lines that are not ASCII: decoding puts U+FFFD where bytes are no UTF-8. */
function escapeUnicode(target: Buffer, offset: number, line: Buffer): number {
  const text = escapeText(decoder.decode(line));
  return offset + target.write(text, offset, 'utf8');
}

function escapeText(text: string): string {
  return text.replace(/["\\<>&\u0000-\u001f\u2028\u2029]/g, char => {
    if (char === '\n') return '\\n';
    if (char === '\r') return '\\r';
    if (char === '"' || char === '\\') return `\\${char}`;
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function encodeAttributes(attributes: Readonly<Record<string, string>>): string {
  const sorted = Object.keys(attributes).sort();
  const pairs = sorted.map(key => `"${escapeText(key)}":"${escapeText(attributes[key] as string)}"`);
  return `{${pairs.join(',')}}`;
}
