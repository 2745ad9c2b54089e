/** PAX extended headers: `LENGTH KEY=VALUE\n` records that override fields of the next member. */
import {tarError} from './tar-error.ts';
import {idNumber, type RawHeader, sizeNumber} from './tar-header.ts';

/** Values are bytes: paths and attributes need not be UTF-8. A key may occur again (sparse maps 0.0). */
export type PaxRecords = Map<string, Buffer>;

const xattrPrefix = 'SCHILY.xattr.';

/** Parses the body of an extended header. `onRecord` sees every record in order. */
export function parsePax(body: Buffer, onRecord?: (key: string, value: Buffer) => void): PaxRecords {
  const records: PaxRecords = new Map();
  for (let at = 0; at < body.length; ) {
    const blank = body.indexOf(0x20, at);
    const digits = blank < 0 ? '' : body.toString('latin1', at, blank);
    if (!/^[0-9]{1,10}$/.test(digits)) throw tarError('extended header has a record without length');
    const end = at + Number(digits);
    if (end > body.length || end <= blank + 1 || body[end - 1] !== 0x0a) {
      throw tarError('extended header has a record with a wrong length');
    }
    const equals = body.indexOf(0x3d, blank);
    if (equals < 0 || equals >= end) throw tarError('extended header has a record without "="');
    const key = body.toString('utf8', blank + 1, equals);
    const value = Buffer.from(body.subarray(equals + 1, end - 1));
    if (key === '') throw tarError('extended header has a record without key');
    onRecord?.(key, value);
    records.set(key, value);
    at = end;
  }
  return records;
}

/** Applies records to a header; an empty value leaves the header's own. */
export function applyPax(header: RawHeader, records: PaxRecords): RawHeader {
  const text = (key: string) => {
    const value = records.get(key);
    return value && value.length > 0 ? value.toString('latin1') : undefined;
  };
  const path = records.get('path');
  const link = records.get('linkpath');
  const [size, uid, gid, mtime] = [text('size'), text('uid'), text('gid'), text('mtime')];
  const patched = {...header};
  if (path && path.length > 0) patched.name = withoutNul(path, 'path');
  if (link && link.length > 0) patched.linkName = withoutNul(link, 'linkpath');
  if (size !== undefined) patched.size = sizeNumber(decimal(size, 'size'), 'size');
  if (uid !== undefined) patched.uid = idNumber(decimal(uid, 'uid'), 'uid');
  if (gid !== undefined) patched.gid = idNumber(decimal(gid, 'gid'), 'gid');
  if (mtime !== undefined) patched.mtime = parsePaxTime(mtime);
  return patched;
}

/** Extended attributes among the records, in their order. */
export function paxXattrs(records: PaxRecords): Map<string, Buffer> {
  const xattrs = new Map<string, Buffer>();
  for (const [key, value] of records) {
    if (key.startsWith(xattrPrefix)) xattrs.set(key.slice(xattrPrefix.length), value);
  }
  return xattrs;
}

export function decimal(text: string, what: string): bigint {
  if (!/^-?[0-9]{1,19}$/.test(text)) throw tarError(`${what} ${JSON.stringify(text.slice(0, 40))} is not a number`);
  return BigInt(text);
}

/** `seconds[.fraction]`, perhaps negative, to nanoseconds; digits beyond those are cut off. */
function parsePaxTime(text: string): bigint {
  const match = /^(-?)([0-9]{1,12})(?:\.([0-9]*))?$/.exec(text);
  if (!match) throw tarError(`time ${JSON.stringify(text.slice(0, 40))} is not a number`);
  const nanos = BigInt((match[3] ?? '').padEnd(9, '0').slice(0, 9));
  const value = BigInt(match[2] ?? '0') * 1_000_000_000n + nanos;
  return match[1] ? -value : value;
}

function withoutNul(value: Buffer, what: string): Buffer {
  if (value.includes(0)) throw tarError(`${what} has a NUL byte`);
  return value;
}

/** Makes the body of an extended header; keys are sorted so that equal entries are equal bytes. */
export function encodePax(records: ReadonlyMap<string, Buffer>): Buffer {
  const keys = [...records.keys()].sort((a, b) => (a < b ? -1 : 1));
  return Buffer.concat(keys.map(key => encodeRecord(key, records.get(key) as Buffer)));
}

function encodeRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** Nanoseconds as `seconds[.fraction]`. */
export function formatPaxTime(nanoseconds: bigint): string {
  const absolute = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const fraction = (absolute % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '');
  const whole = `${nanoseconds < 0n ? '-' : ''}${absolute / 1_000_000_000n}`;
  return fraction ? `${whole}.${fraction}` : whole;
}

export function xattrKey(name: string): string {
  return xattrPrefix + name;
}
