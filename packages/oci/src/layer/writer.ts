/**
 * Makes archives that the original tools read: ustar headers, and PAX records for what does not fit (long or
 * non-ASCII names, large numbers, fractions of seconds, extended attributes). Equal entries give equal bytes.
 */
import {EngineError} from '@longshore/errdefs';
import {encodePax, formatPaxTime, xattrKey} from './pax.ts';
import type {TarEntry, TarEntryType} from './tar-entry.ts';
import {blockSize} from './tar-header.ts';

const flags: Readonly<Record<TarEntryType, string>> = {
  file: '0',
  link: '1',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};
const maxOctal7 = 0o7777777;
const maxOctal11 = 0o77777777777;

/** Header blocks of a member. Exactly `entry.size` bytes of body and `tarPadding(entry.size)` follow. */
export function tarHeader(entry: TarEntry): Buffer {
  const records = paxRecords(entry);
  const header = encodeHeader(entry, entry.name, flags[entry.type], entry.size);
  if (records.size === 0) return header;
  const body = encodePax(records);
  const meta = encodeHeader({...entry, mode: 0o644, uid: 0, gid: 0, mtime: 0n}, metaName(entry.name), 'x', body.length);
  return Buffer.concat([meta, body, tarPadding(body.length), header]);
}

/** Zeros that fill the last block of a body. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((blockSize - (size % blockSize)) % blockSize);
}

/** The two zero blocks that end an archive. */
export function tarEnd(): Buffer {
  return Buffer.alloc(2 * blockSize);
}

/** A whole archive from members. A body of another length than its entry says is an error. */
export async function* writeTar(
  members: AsyncIterable<TarSource> | Iterable<TarSource>,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const {entry, body} of members) {
    yield tarHeader(entry);
    let written = 0;
    for await (const chunk of body ?? []) {
      written += chunk.length;
      if (written > entry.size) break;
      yield chunk;
    }
    if (written !== entry.size) {
      throw new EngineError('internal', `body of tar member "${entry.name}" has not the ${entry.size} bytes announced`);
    }
    yield tarPadding(entry.size);
  }
  yield tarEnd();
}

export interface TarSource {
  entry: TarEntry;
  body?: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

function paxRecords(entry: TarEntry): Map<string, Buffer> {
  const records = new Map<string, Buffer>();
  if (needsRecord(entry.name)) records.set('path', entry.name);
  if (needsRecord(entry.linkName)) records.set('linkpath', entry.linkName);
  if (entry.size > maxOctal11) records.set('size', Buffer.from(String(entry.size)));
  if (entry.uid > maxOctal7) records.set('uid', Buffer.from(String(entry.uid)));
  if (entry.gid > maxOctal7) records.set('gid', Buffer.from(String(entry.gid)));
  if (entry.mtime % 1_000_000_000n !== 0n || entry.mtime < 0n || entry.mtime / 1_000_000_000n > BigInt(maxOctal11)) {
    records.set('mtime', Buffer.from(formatPaxTime(entry.mtime)));
  }
  for (const [name, value] of entry.xattrs) records.set(xattrKey(name), value);
  return records;
}

/** Readers decode the plain field each in their own way when it is not ASCII. */
function needsRecord(field: Buffer): boolean {
  return field.length > 100 || field.some(byte => byte > 0x7e || byte < 0x20);
}

function encodeHeader(entry: TarEntry, name: Buffer, flag: string, size: number): Buffer {
  const block = Buffer.alloc(blockSize);
  name.copy(block, 0, 0, 100);
  octal(block, 100, 8, entry.mode & 0o7777);
  octal(block, 108, 8, entry.uid > maxOctal7 ? 0 : entry.uid);
  octal(block, 116, 8, entry.gid > maxOctal7 ? 0 : entry.gid);
  octal(block, 124, 12, size > maxOctal11 ? 0 : size);
  const seconds = entry.mtime / 1_000_000_000n;
  octal(block, 136, 12, entry.mtime < 0n || seconds > BigInt(maxOctal11) ? 0 : Number(seconds));
  block.write(flag, 156, 'latin1');
  if (flag !== 'x') entry.linkName.copy(block, 157, 0, 100);
  block.write('ustar\x0000', 257, 'latin1');
  if (entry.type === 'character' || entry.type === 'block') {
    octal(block, 329, 8, entry.devMajor);
    octal(block, 337, 8, entry.devMinor);
  }
  block.fill(0x20, 148, 156);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** Octal digits that end in NUL. */
function octal(block: Buffer, offset: number, length: number, value: number): void {
  block.write(value.toString(8).padStart(length - 1, '0'), offset, 'latin1');
}

/** Only people and the oldest readers see this name. */
function metaName(name: Buffer): Buffer {
  const base = name.subarray(name.lastIndexOf(0x2f, -2) + 1).subarray(0, 80);
  return Buffer.concat([Buffer.from('PaxHeaders.0/'), base.filter(byte => byte > 0x20 && byte < 0x7f) as Buffer]);
}
