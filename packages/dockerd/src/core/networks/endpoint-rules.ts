/** Checks what a container asks of a network before anything is made. */
import {EngineError} from '@longshore/errdefs';
import type {EndpointSettings} from '../containers/documents/network-settings.ts';
import type {NetworkRecord} from './documents.ts';
import {containsAddress, parseIpv4, parseSubnet} from './ipv4.ts';
import {containsAddress6, parseIpv6, parseSubnet6} from './ipv6.ts';
import {parseMac} from './mac-address.ts';

/** Throws `invalid config for network X: …`. `network` is undefined for a name that nobody has (yet). */
export function checkEndpoint(name: string, settings: EndpointSettings, network: NetworkRecord | undefined): void {
  const wrong = (what: string) => new EngineError('invalid-argument', `invalid config for network ${name}: ${what}`);
  if (settings.MacAddress !== '' && parseMac(settings.MacAddress) === undefined) {
    throw wrong(`invalid MAC address ${settings.MacAddress}`);
  }
  const faults = endpointFaults(name, settings, network);
  const [only] = faults;
  if (faults.length === 1) throw wrong(`invalid endpoint settings:\n${only}`);
  if (only !== undefined) throw wrong(`invalid endpoint settings:\n${faults.map(fault => `* ${fault}`).join('\n')}`);
  refuseOthers(settings);
}

function endpointFaults(name: string, settings: EndpointSettings, network: NetworkRecord | undefined): string[] {
  const wanted = settings.IPAMConfig;
  const hasAddress = Boolean(wanted?.IPv4Address || wanted?.IPv6Address);
  const isUserDefined = !['bridge', 'host', 'none', 'default'].includes(name);
  const faults: string[] = [];
  if (!isUserDefined && hasAddress) faults.push('user specified IP address is supported on user defined networks only');
  if (!isUserDefined && (settings.Aliases?.length ?? 0) > 0) {
    faults.push('network-scoped aliases are only supported for user-defined networks');
  }
  if (wanted?.IPv4Address && parseIpv4(wanted.IPv4Address) === undefined) {
    faults.push(`invalid IPv4 address: ${wanted.IPv4Address}`);
  }
  if (wanted?.IPv6Address && parseIpv6(wanted.IPv6Address) === undefined) {
    faults.push(`invalid IPv6 address: ${wanted.IPv6Address}`);
  }
  for (const address of wanted?.LinkLocalIPs ?? []) {
    if (parseIpv4(address) !== undefined || parseIpv6(address) !== undefined) continue;
    faults.push(`invalid link-local IP address: ${address}`);
  }
  if (network && wanted?.IPv4Address) faults.push(...rangeFaults(wanted.IPv4Address, network));
  if (network && wanted?.IPv6Address) faults.push(...rangeFaults6(wanted.IPv6Address, network));
  return faults;
}

const onlyOwnSubnets =
  'user specified IP address is supported only when connecting to networks with user configured subnets';

function rangeFaults(address: string, network: NetworkRecord): string[] {
  if (!hasOwnSubnet(network)) return [onlyOwnSubnets];
  const value = parseIpv4(address);
  const subnets = (network.IPAM.Config ?? []).flatMap(pool => parseSubnet(pool.Subnet ?? '') ?? []);
  if (value !== undefined && subnets.some(subnet => containsAddress(subnet, value))) return [];
  return [`no configured subnet or ip-range contain the IP address ${address}`];
}

function rangeFaults6(address: string, network: NetworkRecord): string[] {
  if (!network.EnableIPv6 || network.Name === 'bridge' || network.PickedPool6) return [onlyOwnSubnets];
  const value = parseIpv6(address);
  const subnets = (network.IPAM.Config ?? []).flatMap(pool => parseSubnet6(pool.Subnet ?? '') ?? []);
  if (value !== undefined && subnets.some(subnet => containsAddress6(subnet, value))) return [];
  return [`no configured subnet or ip-range contain the IP address ${address}`];
}

/** False when the pool was picked by the daemon: it may be another one after the network is made anew. */
function hasOwnSubnet(network: NetworkRecord): boolean {
  return network.Name !== 'bridge' && !network.PickedPool && (network.IPAM.Config?.length ?? 0) > 0;
}

/** What would be silently ignored otherwise. */
function refuseOthers(settings: EndpointSettings): void {
  const refuse = (what: string): never => {
    throw new EngineError('unimplemented', `${what} is not implemented`);
  };
  for (const [option, value] of Object.entries(settings.DriverOpts ?? {})) {
    if (option.startsWith('com.docker.network.')) refuse(`endpoint option ${option}=${value}`);
  }
}
