/** IPv4 addresses and subnets as unsigned 32-bit numbers. */

export interface Subnet {
  /** Network address: no bits behind the prefix. */
  readonly address: number;
  readonly prefix: number;
}

/** Undefined for anything but four decimal numbers without leading zeros. */
export function parseIpv4(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!match) return undefined;
  let value = 0;
  for (const part of match.slice(1)) {
    if (Number(part) > 255 || (part.length > 1 && part.startsWith('0'))) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map(shift => (address >>> shift) & 255).join('.');
}

/** `172.30.0.1/24`: an address with the length of its network's prefix. */
export function parseCidr(text: string): {address: number; prefix: number} | undefined {
  const [host = '', length = '', ...rest] = text.split('/');
  const address = parseIpv4(host);
  if (address === undefined || rest.length > 0 || !/^(\d|[12]\d|3[0-2])$/.test(length)) return undefined;
  return {address, prefix: Number(length)};
}

export function subnetOf(address: number, prefix: number): Subnet {
  return {address: (address & maskOf(prefix)) >>> 0, prefix};
}

/** A subnet in CIDR notation; undefined when it is none or has bits behind its prefix. */
export function parseSubnet(text: string): Subnet | undefined {
  const cidr = parseCidr(text);
  if (!cidr) return undefined;
  const subnet = subnetOf(cidr.address, cidr.prefix);
  return subnet.address === cidr.address ? subnet : undefined;
}

export function formatSubnet(subnet: Subnet): string {
  return `${formatIpv4(subnet.address)}/${subnet.prefix}`;
}

export function containsAddress(subnet: Subnet, address: number): boolean {
  return subnetOf(address, subnet.prefix).address === subnet.address;
}

/** True when every address of `inner` is in `outer`. */
export function containsSubnet(outer: Subnet, inner: Subnet): boolean {
  return inner.prefix >= outer.prefix && containsAddress(outer, inner.address);
}

export function overlaps(a: Subnet, b: Subnet): boolean {
  return containsSubnet(a, b) || containsSubnet(b, a);
}

/** The highest address: the broadcast address where there is one. */
export function lastAddress(subnet: Subnet): number {
  return (subnet.address | ~maskOf(subnet.prefix)) >>> 0;
}

/** How many addresses there are, the network's own and the broadcast address included. */
export function sizeOf(subnet: Subnet): number {
  return 2 ** (32 - subnet.prefix);
}

export function isLoopback(address: number): boolean {
  return address >>> 24 === 127;
}

function maskOf(prefix: number): number {
  return prefix === 0 ? 0 : (-1 << (32 - prefix)) >>> 0;
}
