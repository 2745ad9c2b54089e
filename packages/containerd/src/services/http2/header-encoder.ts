/** Writes blocks of headers without tables and Huffman codes: the server's are few and short. */
import {Buffer} from 'node:buffer';
import type {Header} from './header-table.ts';

/** Texts are latin1. */
export function encodeHeaderBlock(headers: readonly Header[]): Buffer {
  return Buffer.concat(headers.flatMap(([name, value]) => [literal, ...text(name), ...text(value)]));
}

/** Without indexing, the name as a text (RFC 7541, 6.2.2). */
const literal = Buffer.of(0);

function text(value: string): [length: Buffer, bytes: Buffer] {
  const bytes = Buffer.from(value, 'latin1');
  return [integer(bytes.length), bytes];
}

/** With a prefix of 7 bits, none of the eighth set. */
function integer(value: number): Buffer {
  if (value < 0x7f) return Buffer.of(value);
  const bytes = [0x7f];
  let rest = value - 0x7f;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}
