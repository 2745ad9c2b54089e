/** Where the subnets of networks come from that did not ask for one. */
import {EngineError} from '@longshore/errdefs';
import {overlaps, parseSubnet, type Subnet, sizeOf, subnetOf} from './ipv4.ts';

/** `base` is divided into subnets whose prefix is `size` bits long. */
export interface SubnetPool {
  base: Subnet;
  size: number;
}

/** Docker's defaults; the first free one, 172.17.0.0/16, becomes docker0's. */
export const defaultSubnetPools: readonly SubnetPool[] = [
  pool('172.17.0.0/16', 16),
  pool('172.18.0.0/16', 16),
  pool('172.19.0.0/16', 16),
  pool('172.20.0.0/14', 16),
  pool('172.24.0.0/14', 16),
  pool('172.28.0.0/14', 16),
  pool('192.168.0.0/16', 20),
];

/** Reads the IPv4 ones of `default-address-pools`. Throws `invalid-argument`. */
export function parseSubnetPools(pools: readonly {base: string; size: number}[]): SubnetPool[] {
  const own = pools.filter(({base}) => !base.includes(':'));
  return own.map(({base, size}) => {
    const subnet = parseSubnet(base);
    if (!subnet) throw new EngineError('invalid-argument', `invalid base pool "${base}": invalid CIDR block notation`);
    if (size < subnet.prefix || size > 32) {
      throw new EngineError(
        'invalid-argument',
        `invalid pool request: the size ${size} of the pool ${base} must be between ${subnet.prefix} and 32`,
      );
    }
    return {base: subnet, size};
  });
}

/** The first subnet that overlaps none of `taken`. Throws `invalid-argument` when there is none left. */
export function pickSubnet(pools: readonly SubnetPool[], taken: readonly Subnet[]): Subnet {
  for (const {base, size} of pools) {
    const step = 2 ** (32 - size);
    const end = base.address + sizeOf(base);
    for (let address = base.address; address < end; ) {
      const candidate = subnetOf(address, size);
      const obstacle = taken.find(subnet => overlaps(subnet, candidate));
      if (!obstacle) return candidate;
      // Behind the obstacle: it may be as wide as the whole pool.
      address = Math.max(address + step, obstacle.address + sizeOf(obstacle));
    }
  }
  throw new EngineError('invalid-argument', 'all predefined address pools have been fully subnetted');
}

function pool(base: string, size: number): SubnetPool {
  const subnet = parseSubnet(base);
  if (!subnet) throw new EngineError('internal', `bad built-in pool ${base}`);
  return {base: subnet, size};
}
