/** Where the IPv6 subnets of networks come from that did not ask for one. */
import {createHash} from 'node:crypto';
import {EngineError} from '@longshore/errdefs';
import {lastAddress6, overlaps6, parseSubnet6, type Subnet6, subnet6Of} from './ipv6.ts';

/** `base` is divided into subnets whose prefix is `size` bits long. */
export interface SubnetPool6 {
  base: Subnet6;
  size: number;
}

/**
 * Unique local addresses (RFC 4193) of this machine: `fd` and 40 bits that come from the engine's id, so that they are
 * the same after every start and others on every other machine. A /48, in pieces of /64.
 */
export function localPool(engineId: string): SubnetPool6 {
  const random = BigInt(`0x${createHash('sha256').update(engineId).digest('hex').slice(0, 10)}`);
  return {base: {address: ((0xfdn << 40n) | random) << 80n, prefix: 48}, size: 64};
}

/** The IPv6 ones of `default-address-pools`. Throws `invalid-argument`. */
export function parseSubnetPools6(pools: readonly {base: string; size: number}[]): SubnetPool6[] {
  return pools
    .filter(({base}) => base.includes(':'))
    .map(({base, size}) => {
      const subnet = parseSubnet6(base);
      if (!subnet) throw invalid(`invalid base pool "${base}": invalid CIDR block notation`);
      if (size < subnet.prefix || size > 128) {
        throw invalid(
          `invalid pool request: the size ${size} of the pool ${base} must be between ${subnet.prefix} and 128`,
        );
      }
      return {base: subnet, size};
    });
}

/** The first subnet that overlaps none of `taken`. Throws `invalid-argument` when there is none left. */
export function pickSubnet6(pools: readonly SubnetPool6[], taken: readonly Subnet6[]): Subnet6 {
  for (const {base, size} of pools) {
    for (let address = base.address; address <= lastAddress6(base); ) {
      const candidate = subnet6Of(address, size);
      const obstacle = taken.find(subnet => overlaps6(subnet, candidate));
      if (!obstacle) return candidate;
      const behind = lastAddress6(obstacle) + 1n; // it may be as wide as the whole pool
      const next = lastAddress6(candidate) + 1n;
      address = behind > next ? behind : next;
    }
  }
  throw invalid('all predefined address pools have been fully subnetted');
}

function invalid(message: string): EngineError {
  return new EngineError('invalid-argument', message);
}
