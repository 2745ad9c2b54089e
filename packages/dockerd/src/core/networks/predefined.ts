/** The networks that every daemon has: `none`, `host` and `bridge`. */
import {randomId} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {nowNano} from '../events/event-bus.ts';
import {formatNano} from '../time.ts';
import {defaultBridgeOptions} from './bridge-options.ts';
import type {NetworkRecord} from './documents.ts';
import {
  containsSubnet,
  formatIpv4,
  formatSubnet,
  parseCidr,
  parseIpv4,
  parseSubnet,
  type Subnet,
  subnetOf,
} from './ipv4.ts';
import type {NetworkConfig} from './network-config.ts';
import {pickSubnet} from './subnet-pools.ts';

export const predefinedNames = ['none', 'host', 'bridge'] as const;

/** What the machine looks like when the daemon starts. */
export interface Surroundings {
  /** Subnets that routes of the host lead to, without those over the default bridge. */
  hostSubnets: readonly Subnet[];
  /** Of the other networks. */
  networkSubnets: readonly Subnet[];
  /** Address with prefix length that the default bridge's device has; undefined without one. */
  deviceCidr: string | undefined;
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
  const gateway = config.defaultGateway === '' ? address : gatewayAddress(config.defaultGateway);
  const options = {
    icc: config.icc,
    masquerade: config.ipMasq,
    mtu: config.mtu,
    bindingAddress: config.defaultBindingIp,
    interfacePrefix: 'eth',
  };
  const base = previous ?? emptyRecord('bridge');
  return {
    ...base,
    Driver: 'bridge',
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
      ],
    },
    Options: defaultBridgeOptions(options, config.bridge),
    Bridge: config.bridge,
    BridgeAddress: gateway === address ? '' : formatIpv4(address),
  };
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
  const kept = parseSubnet(previous?.IPAM.Config?.[0]?.Subnet ?? '');
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

function gatewayAddress(text: string): number {
  const address = parseIpv4(text);
  if (address === undefined) throw invalid(`invalid --default-gateway "${text}": not an IPv4 address`);
  return address;
}

function emptyRecord(name: string): NetworkRecord {
  return {
    Name: name,
    Id: randomId(),
    Created: formatNano(nowNano()),
    Driver: '',
    Internal: false,
    Attachable: false,
    IPAM: {Driver: 'default', Options: null, Config: null},
    PickedPool: true,
    Options: {},
    Labels: {},
    Bridge: '',
    BridgeAddress: '',
  };
}

function invalid(message: string): EngineError {
  return new EngineError('invalid-argument', message);
}
