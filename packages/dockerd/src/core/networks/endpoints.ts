/** A container's end of a network: drawn here, made in the kernel by the driver. */
import {randomBytes} from 'node:crypto';
import {randomHex, shortId} from '@longshore/base';
import {codeOf, EngineError} from '@longshore/errdefs';
import type {EndpointSettings} from '../containers/documents/network-settings.ts';
import type {SandboxRequest} from '../ports/network-controller.ts';
import {formatIpv4, parseIpv4} from './ipv4.ts';
import {formatIpv6, parseIpv6} from './ipv6.ts';
import {parseMac, randomMac} from './mac-address.ts';
import {type BridgeIpv6, type BridgeNetwork, isUserDefined, type Network} from './network.ts';
import type {IpFamily, VethPair} from './ports.ts';
import type {Endpoint} from './sandbox-record.ts';

/** Draws addresses and names. Nothing but the address is taken; `releaseAddress` gives it back. */
export function drawEndpoint(
  network: Network,
  request: SandboxRequest,
  settings: EndpointSettings | undefined,
  interfaces: ReadonlySet<string>,
): Endpoint {
  const {record} = network;
  const plain: Endpoint = {
    id: randomHex(32),
    containerName: request.containerName,
    networkId: record.Id,
    networkName: record.Name,
    interface: '',
    hostInterface: '',
    mac: '',
    address: '',
    prefix: 0,
    gateway: '',
    address6: '',
    prefix6: 0,
    gateway6: '',
    linkLocal: settings?.IPAMConfig?.LinkLocalIPs ?? null,
    gatewayPriority: settings?.GwPriority ?? 0,
    aliases: settings?.Aliases ?? null,
    links: settings?.Links ?? null,
    dnsNames: isUserDefined(network) ? dnsNames(request, settings?.Aliases ?? []) : null,
  };
  if (network.kind !== 'bridge') return plain;
  const address = drawAddress(network, settings?.IPAMConfig?.IPv4Address ?? '');
  return {
    ...plain,
    interface: freeInterface(network.options.interfacePrefix, interfaces),
    hostInterface: `veth${randomBytes(4).toString('hex').slice(0, 7)}`,
    mac: parseMac(settings?.MacAddress ?? '') ?? randomMac(),
    address: formatIpv4(address),
    prefix: network.subnet.prefix,
    gateway: network.gateway === undefined ? '' : formatIpv4(network.gateway),
    ...(network.v6 && withIpv6(network, network.v6, address, settings?.IPAMConfig?.IPv6Address ?? '')),
  };
}

/** Gives the IPv4 address back when there is no IPv6 one. */
function withIpv6(network: BridgeNetwork, v6: BridgeIpv6, address: number, wanted: string) {
  try {
    return {
      address6: formatIpv6(drawAddress6(network, v6, wanted)),
      prefix6: v6.subnet.prefix,
      gateway6: v6.gateway === undefined ? '' : formatIpv6(v6.gateway),
    };
  } catch (error) {
    network.addresses.release(address);
    throw error;
  }
}

export function releaseAddress(network: Network | undefined, endpoint: Endpoint): void {
  const address = parseIpv4(endpoint.address);
  const address6 = parseIpv6(endpoint.address6);
  if (network?.kind !== 'bridge') return;
  if (address !== undefined) network.addresses.release(address);
  if (address6 !== undefined) network.v6?.addresses.release(address6);
}

export function vethPair(network: BridgeNetwork, endpoint: Endpoint): VethPair {
  return {
    hostInterface: endpoint.hostInterface,
    interface: endpoint.interface,
    device: network.device,
    mac: endpoint.mac,
    cidr: `${endpoint.address}/${endpoint.prefix}`,
    cidr6: endpoint.address6 === '' ? undefined : `${endpoint.address6}/${endpoint.prefix6}`,
    linkLocalCidrs: (endpoint.linkLocal ?? []).map(address => `${address}/${address.includes(':') ? 64 : 16}`),
    mtu: network.options.mtu,
    hairpin: network.hairpin,
  };
}

/** The endpoint that the default route goes through: the highest priority, then the first network by name. */
export function gatewayEndpoint(endpoints: readonly Endpoint[], family: IpFamily = 'ipv4'): Endpoint | undefined {
  return endpoints
    .filter(endpoint => gatewayOf(endpoint, family) !== '')
    .sort((a, b) => b.gatewayPriority - a.gatewayPriority || (a.networkName < b.networkName ? -1 : 1))[0];
}

export function gatewayOf(endpoint: Endpoint, family: IpFamily): string {
  return family === 'ipv4' ? endpoint.gateway : endpoint.gateway6;
}

function drawAddress(network: BridgeNetwork, wanted: string): number {
  if (wanted === '') return allocate(network);
  const address = parseIpv4(wanted);
  if (address === undefined) throw new EngineError('invalid-argument', `invalid IPv4 address: ${wanted}`);
  network.addresses.reserve(address);
  return address;
}

function allocate(network: BridgeNetwork): number {
  try {
    return network.addresses.allocate();
  } catch (error) {
    throw exhausted(network, 'IPv4', error);
  }
}

function drawAddress6(network: BridgeNetwork, {addresses}: BridgeIpv6, wanted: string): bigint {
  const address = parseIpv6(wanted);
  if (wanted !== '' && address === undefined) {
    throw new EngineError('invalid-argument', `invalid IPv6 address: ${wanted}`);
  }
  try {
    if (address === undefined) return addresses.allocate();
  } catch (error) {
    throw exhausted(network, 'IPv6', error);
  }
  addresses.reserve(address);
  return address;
}

function exhausted({record: {Name, Id}}: BridgeNetwork, family: string, cause: unknown): EngineError {
  const message = `no available ${family} addresses on this network's address pools: ${Name} (${Id})`;
  return new EngineError(codeOf(cause), message, {cause});
}

/** Container name, aliases, short id and hostname, each once. */
function dnsNames(request: SandboxRequest, aliases: readonly string[]): string[] {
  const names = [request.containerName, ...aliases, shortId(request.containerId), request.hostname];
  return [...new Set(names.filter(name => name !== ''))];
}

function freeInterface(prefix: string, taken: ReadonlySet<string>): string {
  for (let number = 0; ; number++) if (!taken.has(`${prefix}${number}`)) return `${prefix}${number}`;
}
