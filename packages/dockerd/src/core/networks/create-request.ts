/** Checks a request for a new network and turns it into the network's record, with Docker's rules and messages. */
import {randomId} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {nowNano} from '../events/event-bus.ts';
import {formatNano} from '../time.ts';
import {readBridgeOptions, requestedDevice} from './bridge-options.ts';
import type {IpamPool, NetworkCreateRequest, NetworkRecord} from './documents.ts';
import {containsAddress, containsSubnet, formatSubnet, parseCidr, parseIpv4, subnetOf} from './ipv4.ts';

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
  return {
    Name: request.Name,
    Id: id,
    Created: formatNano(nowNano()),
    Driver: 'bridge',
    Internal: request.Internal,
    Attachable: request.Attachable,
    IPAM: {Driver: 'default', Options: request.IPAM?.Options ?? null, Config: pools},
    PickedPool: (pools[0]?.Subnet ?? '') === '',
    Options: options,
    Labels: request.Labels ?? {},
    Bridge: requestedDevice(options) || `br-${id.slice(0, 12)}`,
    BridgeAddress: '',
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
  if (request.EnableIPv6 === true) throw unimplemented('IPv6 on a network');
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
  if (pools.length > 1) throw unimplemented('more than one subnet in a bridge network');
  if (pools[0]?.Subnet?.includes(':')) throw unimplemented('IPv6 on a network');
  return [...pools];
}

function poolFaults(pool: IpamPool): string[] {
  const given = pool.Subnet ?? '';
  if (given === '' || given.includes(':')) return [];
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

function invalid(message: string): EngineError {
  return new EngineError('invalid-argument', message);
}

function unimplemented(what: string): EngineError {
  return new EngineError('unimplemented', `${what} is not implemented`);
}
