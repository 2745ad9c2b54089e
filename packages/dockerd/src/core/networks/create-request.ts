/** Checks a request for a new network and turns it into the network's record, with Docker's rules and messages. */
import {randomId} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {nowNano} from '../events/event-bus.ts';
import {formatNano} from '../time.ts';
import {enablesIpv6, readBridgeOptions, requestedDevice} from './bridge-options.ts';
import type {IpamPool, NetworkCreateRequest, NetworkRecord} from './documents.ts';
import {containsAddress, containsSubnet, formatSubnet, parseCidr, parseIpv4, subnetOf} from './ipv4.ts';
import {
  containsAddress6,
  containsSubnet6,
  formatSubnet6,
  parseCidr6,
  parseIpv6,
  type Subnet6,
  subnet6Of,
} from './ipv6.ts';

/** Names that are modes of a container's networking, and so cannot be a network's. */
const reservedNames = ['bridge', 'host', 'none', 'default'];

/** The record of the new network; its pool is still to be picked when the request names none. */
export function networkFromRequest(request: NetworkCreateRequest, mtu: number): NetworkRecord {
  if (request.Name.trim() === '') throw invalid('invalid name: name is empty');
  if (reservedNames.includes(request.Name)) {
    throw new EngineError('permission-denied', `operation is not permitted on predefined ${request.Name} network `);
  }
  checkDriver(request.Driver);
  refuseOthers(request);
  const options = request.Options ?? {};
  readBridgeOptions(options, mtu);
  const id = randomId();
  const pools = checkPools(request.IPAM?.Config ?? []);
  const isGiven = (isV6: boolean) => pools.some(({Subnet = ''}) => Subnet !== '' && Subnet.includes(':') === isV6);
  return {
    Name: request.Name,
    Id: id,
    Created: formatNano(nowNano()),
    Driver: 'bridge',
    EnableIPv6: request.EnableIPv6 ?? enablesIpv6(options),
    Internal: request.Internal,
    Attachable: request.Attachable,
    IPAM: {Driver: 'default', Options: request.IPAM?.Options ?? null, Config: pools},
    PickedPool: !isGiven(false),
    PickedPool6: !isGiven(true),
    Options: options,
    Labels: request.Labels ?? {},
    Bridge: requestedDevice(options) || `br-${id.slice(0, 12)}`,
    BridgeAddress: '',
    BridgeAddress6: '',
  };
}

function checkDriver(driver: string): void {
  if (driver === '' || driver === 'default' || driver === 'bridge') return;
  if (driver === 'host' || driver === 'null') {
    throw new EngineError('permission-denied', `only one instance of "${driver}" network is allowed`);
  }
  if (['macvlan', 'ipvlan', 'overlay'].includes(driver)) throw unimplemented(`network driver "${driver}"`);
  throw new EngineError('not-found', `plugin "${driver}" not found`);
}

/** Everything a request may ask for that this engine does not do. */
function refuseOthers(request: NetworkCreateRequest): void {
  if (request.EnableIPv4 === false) throw unimplemented('a network without IPv4');
  if (request.Scope !== '' && request.Scope !== 'local') throw unimplemented(`network scope "${request.Scope}"`);
  if (request.Ingress) throw unimplemented('an ingress network');
  if (request.ConfigOnly || request.ConfigFrom?.Network) throw unimplemented('a configuration-only network');
  const driver = request.IPAM?.Driver ?? '';
  if (driver !== '' && driver !== 'default') throw new EngineError('not-found', `plugin "${driver}" not found`);
  if (Object.keys(request.IPAM?.Options ?? {}).length > 0) throw unimplemented('options of the address management');
}

/** All faults at once, as Docker lists them. Throws `invalid-argument`. */
function checkPools(pools: readonly IpamPool[]): IpamPool[] {
  const faults = pools.flatMap(poolFaults);
  if (faults.length > 0) throw invalid(`invalid network config:\n${faults.join('\n')}`);
  const ofIpv6 = pools.filter(({Subnet}) => Subnet?.includes(':'));
  if (ofIpv6.length > 1 || pools.length - ofIpv6.length > 1) {
    throw unimplemented('more than one subnet of a family in a bridge network');
  }
  return [...pools];
}

function poolFaults(pool: IpamPool): string[] {
  const given = pool.Subnet ?? '';
  if (given === '') return [];
  if (given.includes(':')) return poolFaults6(pool, given);
  const cidr = parseCidr(given);
  if (!cidr) return [`invalid subnet ${given}: invalid CIDR block notation`];
  const subnet = subnetOf(cidr.address, cidr.prefix);
  if (subnet.address !== cidr.address) return [`invalid subnet ${given}: it should be ${formatSubnet(subnet)}`];
  const addressFault = (kind: string, text: string): string[] => {
    const address = parseIpv4(text);
    if (address === undefined) return [`invalid ${kind} ${text}: invalid address`];
    return containsAddress(subnet, address)
      ? []
      : [`invalid ${kind} ${text}: parent subnet ${given} doesn't contain this address`];
  };
  return [
    ...rangeFaults(pool.IPRange ?? '', given),
    ...(pool.Gateway ? addressFault('gateway', pool.Gateway) : []),
    ...Object.entries(pool.AuxiliaryAddresses ?? {}).flatMap(([, text]) => addressFault('auxiliary address', text)),
  ];
}

function rangeFaults(text: string, subnetText: string): string[] {
  if (text === '') return [];
  const range = parseCidr(text);
  const subnet = parseCidr(subnetText);
  if (!range) return [`invalid ip-range ${text}: invalid CIDR block notation`];
  const network = subnetOf(range.address, range.prefix);
  if (network.address !== range.address) return [`invalid ip-range ${text}: it should be ${formatSubnet(network)}`];
  if (subnet && !containsSubnet(subnetOf(subnet.address, subnet.prefix), network)) {
    return [`invalid ip-range ${text}: parent subnet ${subnetText} doesn't contain ip-range`];
  }
  return [];
}

function poolFaults6(pool: IpamPool, given: string): string[] {
  const cidr = parseCidr6(given);
  if (!cidr) return [`invalid subnet ${given}: invalid CIDR block notation`];
  const subnet = subnet6Of(cidr.address, cidr.prefix);
  if (subnet.address !== cidr.address) return [`invalid subnet ${given}: it should be ${formatSubnet6(subnet)}`];
  const addressFault = (kind: string, text: string): string[] => {
    const address = parseIpv6(text);
    if (address === undefined) return [`invalid ${kind} ${text}: invalid address`];
    return containsAddress6(subnet, address)
      ? []
      : [`invalid ${kind} ${text}: parent subnet ${given} doesn't contain this address`];
  };
  return [
    ...rangeFaults6(pool.IPRange ?? '', subnet, given),
    ...(pool.Gateway ? addressFault('gateway', pool.Gateway) : []),
    ...Object.values(pool.AuxiliaryAddresses ?? {}).flatMap(text => addressFault('auxiliary address', text)),
  ];
}

function rangeFaults6(text: string, subnet: Subnet6, subnetText: string): string[] {
  if (text === '') return [];
  const range = parseCidr6(text);
  if (!range) return [`invalid ip-range ${text}: invalid CIDR block notation`];
  const network = subnet6Of(range.address, range.prefix);
  if (network.address !== range.address) return [`invalid ip-range ${text}: it should be ${formatSubnet6(network)}`];
  if (containsSubnet6(subnet, network)) return [];
  return [`invalid ip-range ${text}: parent subnet ${subnetText} doesn't contain ip-range`];
}

function invalid(message: string): EngineError {
  return new EngineError('invalid-argument', message);
}

function unimplemented(what: string): EngineError {
  return new EngineError('unimplemented', `${what} is not implemented`);
}
