/** The 512-byte header block: POSIX ustar, GNU and the old V7 form. */

import type {TarEntryType} from './tar-entry.ts';
import {tarError} from './tar-error.ts';

export const blockSize = 512;

/** Types that carry meaning for the next member only, or none at all. */
export type TarMetaType = 'pax' | 'pax-global' | 'gnu-long-name' | 'gnu-long-link' | 'gnu-sparse' | 'ignored';

export interface RawHeader {
  type: TarEntryType | TarMetaType;
  /** Archives older than POSIX have no type for directories: their names end in a slash. */
  isOldFile: boolean;
  name: Buffer;
  mode: number;
  uid: number;
  gid: number;
  /** Bytes that follow in the archive, as the header says. */
  size: number;
  /** Nanoseconds. */
  mtime: bigint;
  linkName: Buffer;
  devMajor: number;
  devMinor: number;
}

const types: Readonly<Record<string, RawHeader['type']>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file', // contiguous: no difference today
  '1': 'link',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
  x: 'pax',
  X: 'pax',
  g: 'pax-global',
  L: 'gnu-long-name',
  K: 'gnu-long-link',
  S: 'gnu-sparse',
  V: 'ignored', // volume label
};

/** Decodes a block that is not all zero. Throws `invalid-argument`. */
export function decodeHeader(block: Buffer): RawHeader {
  checkSum(block);
  const flag = String.fromCharCode(block[156] ?? 0);
  const type = types[flag];
  if (type === undefined) throw tarError(`unknown type ${JSON.stringify(flag)} of "${text(block, 0, 100)}"`);
  const magic = block.toString('latin1', 257, 263);
  const isPosix = magic === 'ustar\0';
  const hasDevices = isPosix || magic === 'ustar ';
  let name = field(block, 0, 100);
  const prefix = isPosix ? field(block, 345, 155) : Buffer.alloc(0);
  if (prefix.length > 0) name = Buffer.concat([prefix, Buffer.from('/'), name]);
  return {
    type,
    isOldFile: flag === '\0',
    name,
    mode: Number(readNumber(block, 100, 8, 'mode')) & 0o7777,
    uid: idNumber(readNumber(block, 108, 8, 'uid'), 'uid'),
    gid: idNumber(readNumber(block, 116, 8, 'gid'), 'gid'),
    size: sizeNumber(readNumber(block, 124, 12, 'size'), 'size'),
    mtime: readNumber(block, 136, 12, 'mtime') * 1_000_000_000n,
    linkName: field(block, 157, 100),
    devMajor: hasDevices ? Number(readNumber(block, 329, 8, 'device')) : 0,
    devMinor: hasDevices ? Number(readNumber(block, 337, 8, 'device')) : 0,
  };
}

export function isZeroBlock(block: Buffer): boolean {
  for (let i = 0; i < blockSize; i++) if (block[i] !== 0) return false;
  return true;
}

/** Sizes and offsets must be exact as a number. */
export function sizeNumber(value: bigint, what: string): number {
  if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) throw tarError(`${what} ${value} is out of range`);
  return Number(value);
}

/** Owner ids are 32-bit; 0xffffffff means "unchanged" to chown and names nobody. */
export function idNumber(value: bigint, what: string): number {
  if (value < 0n || value >= 0xffff_ffffn) throw tarError(`${what} ${value} is out of range`);
  return Number(value);
}

/** Octal text, or base-256 when the first bit is set. */
export function readNumber(block: Buffer, offset: number, length: number, what: string): bigint {
  const first = block[offset] ?? 0;
  if (first & 0x80) return readBase256(block, offset, length, what);
  let start = offset;
  let end = offset;
  while (start < offset + length && (block[start] === 0x20 || block[start] === 0)) start++;
  for (end = start; end < offset + length && block[end] !== 0x20 && block[end] !== 0; ) end++;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = (block[i] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) throw tarError(`${what} is not an octal number`);
    value = value * 8 + digit; // 12 digits stay below 2^53
  }
  return BigInt(value);
}

function readBase256(block: Buffer, offset: number, length: number, what: string): bigint {
  const first = block[offset] ?? 0;
  const isNegative = (first & 0x40) !== 0;
  let value = BigInt(isNegative ? first | ~0xff : first & 0x7f);
  for (let i = offset + 1; i < offset + length; i++) value = value * 256n + BigInt(block[i] ?? 0);
  if (value >= 1n << 63n || value < -(1n << 63n)) throw tarError(`${what} is out of range`);
  return value;
}

/** The sum of all bytes with the checksum field as blanks; some old writers summed signed bytes. */
function checkSum(block: Buffer): void {
  const expected = Number(readNumber(block, 148, 8, 'checksum'));
  let unsigned = 8 * 0x20;
  let signed = unsigned;
  for (let i = 0; i < blockSize; i++) {
    if (i >= 148 && i < 156) continue;
    const byte = block[i] ?? 0;
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  if (expected !== unsigned && expected !== signed) throw tarError('header checksum does not match');
}

/** Bytes up to the first NUL. A copy: the block's memory is used again. */
function field(block: Buffer, offset: number, length: number): Buffer {
  const nul = block.indexOf(0, offset);
  const end = nul < 0 || nul > offset + length ? offset + length : nul;
  return Buffer.from(block.subarray(offset, end));
}

function text(block: Buffer, offset: number, length: number): string {
  return field(block, offset, length).toString('utf8');
}
