import {Buffer} from 'node:buffer';
import {isIPv4, isIPv6} from 'node:net';
import {EngineError} from '@longshore/errdefs';

export const AF_INET = 2;
export const AF_INET6 = 10;

/** 4 or 16 bytes of an address's text. Throws invalid-argument; zone suffixes (`%eth0`) are refused. */
export function parseIp(text: string): Buffer {
  if (isIPv4(text)) return Buffer.from(text.split('.').map(Number));
  if (isIPv6(text) && !text.includes('%')) return parseIpv6(text);
  throw new EngineError('invalid-argument', `invalid IP address: ${text}`);
}

function parseIpv6(text: string): Buffer {
  // A dotted quad at the end stands for the last two groups.
  const quad = /(?<=:)\d+\.\d+\.\d+\.\d+$/.exec(text)?.[0];
  const plain = quad ? text.slice(0, -quad.length) + quadToGroups(quad) : text;
  const [head = '', tail] = plain.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  const bytes = Buffer.alloc(16);
  for (const [i, group] of [...before, ...zeros, ...after].entries())
    bytes.writeUInt16BE(Number.parseInt(group, 16), i * 2);
  return bytes;
}

function quadToGroups(quad: string): string {
  const bytes = Buffer.from(quad.split('.').map(Number));
  return `${bytes.readUInt16BE(0).toString(16)}:${bytes.readUInt16BE(2).toString(16)}`;
}

/** Text of 4 or 16 bytes; IPv6 in the canonical form of RFC 5952. */
export function formatIp(bytes: Uint8Array): string {
  if (bytes.length === 4) return [...bytes].join('.');
  if (bytes.length !== 16) throw new EngineError('data-loss', `IP address of ${bytes.length} bytes`);
  const groups = Array.from({length: 8}, (_, i) => ((bytes[i * 2]! << 8) | bytes[i * 2 + 1]!).toString(16));
  const run = longestZeroRun(groups);
  if (!run) return groups.join(':');
  return `${groups.slice(0, run.start).join(':')}::${groups.slice(run.start + run.length).join(':')}`;
}

/** The first of the longest runs of two or more zero groups. */
function longestZeroRun(groups: readonly string[]): {start: number; length: number} | undefined {
  let best: {start: number; length: number} | undefined;
  for (let start = 0; start < groups.length; ) {
    let end = start;
    while (groups[end] === '0') end++;
    if (end - start >= 2 && end - start > (best?.length ?? 0)) best = {start, length: end - start};
    start = Math.max(end, start + 1);
  }
  return best;
}

export interface IpPrefix {
  family: number;
  bytes: Buffer;
  length: number;
}

/** `10.0.0.1/8` or `fd00::1/64`; without a length the address alone (/32, /128). Throws invalid-argument. */
export function parsePrefix(text: string): IpPrefix {
  const [address = '', lengthText] = text.split('/');
  const bytes = parseIp(address);
  const length = lengthText === undefined ? bytes.length * 8 : Number(lengthText);
  if (!/^\d+$/.test(lengthText ?? '0') || length > bytes.length * 8)
    throw new EngineError('invalid-argument', `invalid prefix length: ${text}`);
  return {family: familyOf(bytes), bytes, length};
}

export function familyOf(bytes: Uint8Array): number {
  return bytes.length === 4 ? AF_INET : AF_INET6;
}

/** The address of an IPv4 prefix with all host bits set. */
export function broadcastOf(prefix: IpPrefix): Buffer {
  const mask = prefix.length === 0 ? 0 : (0xffffffff << (32 - prefix.length)) >>> 0;
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE((prefix.bytes.readUInt32BE(0) | ~mask) >>> 0);
  return bytes;
}

/** Six bytes of `02:42:ac:11:00:02`. Throws invalid-argument. */
export function parseMac(text: string): Buffer {
  if (!/^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i.test(text))
    throw new EngineError('invalid-argument', `invalid MAC address: ${text}`);
  return Buffer.from(text.replace(/[:-]/g, ''), 'hex');
}

export function formatMac(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join(':');
}
