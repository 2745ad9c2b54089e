/** IPv6 addresses and subnets as 128-bit numbers. */
import {isIPv6} from 'node:net';

export interface Subnet6 {
  /** Network address: no bits behind the prefix. */
  readonly address: bigint;
  readonly prefix: number;
}

const allBits = (1n << 128n) - 1n;

/** Undefined for anything but an IPv6 address without a zone. */
export function parseIpv6(text: string): bigint | undefined {
  if (!isIPv6(text) || text.includes('%')) return undefined;
  // A dotted quad at the end stands for the last two groups.
  const quad = /(?<=:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const [a = 0, b = 0, c = 0, d = 0] = quad?.slice(1).map(Number) ?? [];
  const plain = quad ? `${text.slice(0, quad.index)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}` : text;
  const [head = '', tail = ''] = plain.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const before = groups(head);
  const after = groups(tail);
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

/** In the canonical form of RFC 5952: lower case, the first longest run of zero groups as `::`. */
export function formatIpv6(address: bigint): string {
  const groups = groupsOf(address).map(group => group.toString(16));
  let best = {start: 0, length: 1};
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (groups[start + length] === '0') length++;
    if (length > best.length) best = {start, length};
  }
  if (best.length === 1) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
}

/** `fd00::1/64`: an address with the length of its network's prefix. */
export function parseCidr6(text: string): {address: bigint; prefix: number} | undefined {
  const [host = '', length = '', ...rest] = text.split('/');
  const address = parseIpv6(host);
  if (address === undefined || rest.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(length) || Number(length) > 128) {
    return undefined;
  }
  return {address, prefix: Number(length)};
}

export function subnet6Of(address: bigint, prefix: number): Subnet6 {
  return {address: address & maskOf(prefix), prefix};
}

/** A subnet in CIDR notation; undefined when it is none or has bits behind its prefix. */
export function parseSubnet6(text: string): Subnet6 | undefined {
  const cidr = parseCidr6(text);
  if (!cidr) return undefined;
  const subnet = subnet6Of(cidr.address, cidr.prefix);
  return subnet.address === cidr.address ? subnet : undefined;
}

export function formatSubnet6(subnet: Subnet6): string {
  return `${formatIpv6(subnet.address)}/${subnet.prefix}`;
}

export function containsAddress6(subnet: Subnet6, address: bigint): boolean {
  return subnet6Of(address, subnet.prefix).address === subnet.address;
}

/** True when every address of `inner` is in `outer`. */
export function containsSubnet6(outer: Subnet6, inner: Subnet6): boolean {
  return inner.prefix >= outer.prefix && containsAddress6(outer, inner.address);
}

export function overlaps6(a: Subnet6, b: Subnet6): boolean {
  return containsSubnet6(a, b) || containsSubnet6(b, a);
}

export function lastAddress6(subnet: Subnet6): bigint {
  return subnet.address | (allBits ^ maskOf(subnet.prefix));
}

/** `fe80::/10`: means something on one link only. */
export function isLinkLocal6(address: bigint): boolean {
  return address >> 118n === 0xfe80n >> 6n;
}

/** The name under `ip6.arpa` of an address, without the final dot. */
export function parseReverse6(name: string): bigint | undefined {
  const match = /^((?:[0-9a-f]\.){32})ip6\.arpa$/.exec(name);
  if (!match) return undefined;
  const digits = (match[1] as string).split('.').reverse().join('');
  return BigInt(`0x${digits}`);
}

/** The 16 bytes of an address. */
export function bytesOfIpv6(address: bigint): Buffer {
  return Buffer.from(address.toString(16).padStart(32, '0'), 'hex');
}

function groupsOf(address: bigint): number[] {
  return Array.from({length: 8}, (_, i) => Number((address >> BigInt(16 * (7 - i))) & 0xffffn));
}

function maskOf(prefix: number): bigint {
  return allBits ^ ((1n << BigInt(128 - prefix)) - 1n);
}
