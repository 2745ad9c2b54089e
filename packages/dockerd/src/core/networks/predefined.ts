/** The networks that every daemon has: `none`, `host` and `bridge`. */
import {randomId} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {nowNano} from '../events/event-bus.ts';
import {formatNano} from '../time.ts';
import {defaultBridgeOptions} from './bridge-options.ts';
import type {IpamPool, NetworkRecord} from './documents.ts';
import {
  containsAddress,
  containsSubnet,
  formatIpv4,
  formatSubnet,
  parseCidr,
  parseIpv4,
  parseSubnet,
  type Subnet,
  subnetOf,
} from './ipv4.ts';
import {
  containsAddress6,
  containsSubnet6,
  formatIpv6,
  formatSubnet6,
  parseCidr6,
  parseIpv6,
  parseSubnet6,
  type Subnet6,
  subnet6Of,
} from './ipv6.ts';
import {poolsOf} from './network.ts';
import type {NetworkConfig} from './network-config.ts';
import {pickSubnet} from './subnet-pools.ts';
import {pickSubnet6} from './subnet-pools6.ts';

export const predefinedNames = ['none', 'host', 'bridge'] as const;

/** What the machine looks like when the daemon starts. */
export interface Surroundings {
  /** Subnets that routes of the host lead to, without those over the default bridge. */
  hostSubnets: readonly Subnet[];
  /** Of the other networks. */
  networkSubnets: readonly Subnet[];
  /** Address with prefix length that the default bridge's device has; undefined without one. */
  deviceCidr: string | undefined;
  /** The same of IPv6; looked for only when the default bridge is to have it. */
  takenSubnets6: readonly Subnet6[];
  deviceCidr6: string | undefined;
}

/** `host` or `none`. */
export function plainRecord(name: 'host' | 'none'): NetworkRecord {
  return {...emptyRecord(name), Driver: name === 'host' ? 'host' : 'null'};
}

/**
 * The default bridge's record after the configuration; `previous` keeps its id, and its subnet when nothing speaks
 * against it. Throws `invalid-argument` for a configuration that makes no sense.
 */
export function bridgeRecord(
  config: NetworkConfig,
  previous: NetworkRecord | undefined,
  surroundings: Surroundings,
): NetworkRecord {
  const {address, prefix} = deviceAddress(config, previous, surroundings);
  const subnet = subnetOf(address, prefix);
  const gateway = config.defaultGateway === '' ? address : gatewayAddress(config.defaultGateway, subnet);
  const options = {
    icc: config.icc,
    masquerade: config.ipMasq,
    mtu: config.mtu,
    bindingAddress: config.defaultBindingIp,
    interfacePrefix: 'eth',
    sourceAddress: undefined,
  };
  const base = previous ?? emptyRecord('bridge');
  const v6 = config.ipv6 ? bridgeIpv6(config, previous, surroundings) : undefined;
  return {
    ...base,
    Driver: 'bridge',
    EnableIPv6: config.ipv6,
    IPAM: {
      Driver: 'default',
      Options: null,
      Config: [
        {
          Subnet: formatSubnet(subnet),
          IPRange: rangeOf(config.fixedCidr, subnet),
          Gateway: formatIpv4(gateway),
          AuxiliaryAddresses: null,
        },
        ...(v6 ? [v6.pool] : []),
      ],
    },
    Options: defaultBridgeOptions(options, config.bridge),
    Bridge: config.bridge,
    BridgeAddress: gateway === address ? '' : formatIpv4(address),
    BridgeAddress6: v6?.deviceAddress ?? '',
  };
}

function bridgeIpv6(config: NetworkConfig, previous: NetworkRecord | undefined, surroundings: Surroundings) {
  const {address, prefix} = deviceAddress6(config, previous, surroundings);
  const subnet = subnet6Of(address, prefix);
  const gateway = config.defaultGatewayV6 === '' ? address : gatewayAddress6(config.defaultGatewayV6, subnet);
  const pool: IpamPool = {
    Subnet: formatSubnet6(subnet),
    IPRange: config.bip6 === '' ? '' : rangeOf6(config.fixedCidrV6, subnet),
    Gateway: formatIpv6(gateway),
    AuxiliaryAddresses: null,
  };
  return {pool, deviceAddress: gateway === address ? '' : formatIpv6(address)};
}

/** The address of `--bip6`, the first one of `--fixed-cidr-v6`, or what the device or the last daemon had. */
function deviceAddress6(config: NetworkConfig, previous: NetworkRecord | undefined, surroundings: Surroundings) {
  if (config.bip6 !== '') {
    const cidr = parseCidr6(config.bip6);
    if (!cidr) throw invalid(`invalid --bip6 "${config.bip6}": invalid CIDR address`);
    return cidr;
  }
  if (config.fixedCidrV6 !== '') {
    const {address, prefix} = rangeCidr6(config.fixedCidrV6);
    return {address: address + 1n, prefix};
  }
  const isForeign = config.bridge !== 'docker0';
  const existing = isForeign ? parseCidr6(surroundings.deviceCidr6 ?? '') : undefined;
  if (existing) return existing;
  if (isForeign) throw invalid(`bridge "${config.bridge}" has no IPv6 address`);
  const kept = previous?.EnableIPv6 ? parseSubnet6(poolsOf(previous).v6?.Subnet ?? '') : undefined;
  const isFromPool = config.pools6.some(({base, size}) => kept?.prefix === size && containsSubnet6(base, kept));
  const pools = kept && isFromPool ? [{base: kept, size: kept.prefix}, ...config.pools6] : config.pools6;
  const subnet = pickSubnet6(pools, surroundings.takenSubnets6);
  return {address: subnet.address + 1n, prefix: subnet.prefix};
}

function rangeCidr6(text: string): Subnet6 {
  const cidr = parseCidr6(text);
  if (!cidr) throw invalid(`invalid --fixed-cidr-v6 "${text}": invalid CIDR address`);
  return subnet6Of(cidr.address, cidr.prefix);
}

function rangeOf6(text: string, subnet: Subnet6): string {
  if (text === '') return '';
  const range = rangeCidr6(text);
  if (containsSubnet6(subnet, range)) return formatSubnet6(range);
  throw invalid(`--fixed-cidr-v6 ${text} is not in the bridge's subnet ${formatSubnet6(subnet)}`);
}

function gatewayAddress6(text: string, subnet: Subnet6): bigint {
  const address = parseIpv6(text);
  if (address === undefined) throw invalid(`invalid --default-gateway-v6 "${text}": not an IPv6 address`);
  // The link's own addresses (fe80::/10) are in no pool, and are good gateways.
  const isLinkLocal = address >> 118n === 0x3fan;
  if (!isLinkLocal && !containsAddress6(subnet, address))
    throw outside('DefaultGatewayIPv6', text, formatSubnet6(subnet));
  return address;
}

/** In Docker's words, to whom a default gateway is an auxiliary address of the default bridge. */
function outside(name: string, address: string, subnet: string): EngineError {
  return invalid(
    `error creating default "bridge" network: auxiliary address: (${name}:${address}) must belong to the master pool: ${subnet}`,
  );
}

function deviceAddress(config: NetworkConfig, previous: NetworkRecord | undefined, surroundings: Surroundings) {
  if (config.bip !== '') {
    const cidr = parseCidr(config.bip);
    if (!cidr) throw invalid(`invalid --bip "${config.bip}": invalid CIDR address`);
    return cidr;
  }
  const existing = parseCidr(surroundings.deviceCidr ?? '');
  if (existing) return existing;
  if (config.bridge !== 'docker0') throw invalid(`bridge "${config.bridge}" has no IPv4 address`);
  const kept = parseSubnet((previous && poolsOf(previous).v4?.Subnet) ?? '');
  const taken = [...surroundings.hostSubnets, ...surroundings.networkSubnets];
  const pools = kept && isFromPools(kept, config) ? [{base: kept, size: kept.prefix}, ...config.pools] : config.pools;
  const subnet = pickSubnet(pools, taken);
  return {address: subnet.address + 1, prefix: subnet.prefix};
}

function isFromPools(subnet: Subnet, config: NetworkConfig): boolean {
  return config.pools.some(pool => pool.size === subnet.prefix && containsSubnet(pool.base, subnet));
}

function rangeOf(fixedCidr: string, subnet: Subnet): string {
  if (fixedCidr === '') return '';
  const cidr = parseCidr(fixedCidr);
  if (!cidr) throw invalid(`invalid --fixed-cidr "${fixedCidr}": invalid CIDR address`);
  const range = subnetOf(cidr.address, cidr.prefix);
  if (!containsSubnet(subnet, range)) {
    throw invalid(`--fixed-cidr ${fixedCidr} is not in the bridge's subnet ${formatSubnet(subnet)}`);
  }
  return formatSubnet(range);
}

function gatewayAddress(text: string, subnet: Subnet): number {
  const address = parseIpv4(text);
  if (address === undefined) throw invalid(`invalid --default-gateway "${text}": not an IPv4 address`);
  if (!containsAddress(subnet, address)) throw outside('DefaultGatewayIPv4', text, formatSubnet(subnet));
  return address;
}

function emptyRecord(name: string): NetworkRecord {
  return {
    Name: name,
    Id: randomId(),
    Created: formatNano(nowNano()),
    Driver: '',
    EnableIPv6: false,
    Internal: false,
    Attachable: false,
    IPAM: {Driver: 'default', Options: null, Config: null},
    PickedPool: true,
    PickedPool6: true,
    Options: {},
    Labels: {},
    Bridge: '',
    BridgeAddress: '',
    BridgeAddress6: '',
  };
}

function invalid(message: string): EngineError {
  return new EngineError('invalid-argument', message);
}
