/** A container's end of a network: drawn here, made in the kernel by the driver. */
import {randomBytes} from 'node:crypto';
import {randomHex, shortId} from '@longshore/base';
import {codeOf, EngineError} from '@longshore/errdefs';
import type {EndpointSettings} from '../containers/documents/network-settings.ts';
import type {SandboxRequest} from '../ports/network-controller.ts';
import {formatIpv4, parseIpv4} from './ipv4.ts';
import {parseMac, randomMac} from './mac-address.ts';
import {type BridgeNetwork, isUserDefined, type Network} from './network.ts';
import type {VethPair} from './ports.ts';
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
    gatewayPriority: settings?.GwPriority ?? 0,
    aliases: settings?.Aliases ?? null,
    links: settings?.Links ?? null,
    dnsNames: isUserDefined(network) ? dnsNames(request, settings?.Aliases ?? []) : null,
  };
  if (network.kind !== 'bridge') return plain;
  return {
    ...plain,
    interface: freeInterface(network.options.interfacePrefix, interfaces),
    hostInterface: `veth${randomBytes(4).toString('hex').slice(0, 7)}`,
    mac: parseMac(settings?.MacAddress ?? '') ?? randomMac(),
    address: formatIpv4(drawAddress(network, settings?.IPAMConfig?.IPv4Address ?? '')),
    prefix: network.subnet.prefix,
    gateway: network.gateway === undefined ? '' : formatIpv4(network.gateway),
  };
}

export function releaseAddress(network: Network | undefined, endpoint: Endpoint): void {
  const address = parseIpv4(endpoint.address);
  if (network?.kind === 'bridge' && address !== undefined) network.addresses.release(address);
}

export function vethPair(network: BridgeNetwork, endpoint: Endpoint): VethPair {
  return {
    hostInterface: endpoint.hostInterface,
    interface: endpoint.interface,
    device: network.device,
    mac: endpoint.mac,
    cidr: `${endpoint.address}/${endpoint.prefix}`,
    mtu: network.options.mtu,
    hairpin: network.hairpin,
  };
}

/** The endpoint that the default route goes through: the highest priority, then the first network by name. */
export function gatewayEndpoint(endpoints: readonly Endpoint[]): Endpoint | undefined {
  return endpoints
    .filter(endpoint => endpoint.gateway !== '')
    .sort((a, b) => b.gatewayPriority - a.gatewayPriority || (a.networkName < b.networkName ? -1 : 1))[0];
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
    const {Name, Id} = network.record;
    throw new EngineError(
      codeOf(error),
      `no available IPv4 addresses on this network's address pools: ${Name} (${Id})`,
      {cause: error},
    );
  }
}

/** Container name, aliases, short id and hostname, each once. */
function dnsNames(request: SandboxRequest, aliases: readonly string[]): string[] {
  const names = [request.containerName, ...aliases, shortId(request.containerId), request.hostname];
  return [...new Set(names.filter(name => name !== ''))];
}

function freeInterface(prefix: string, taken: ReadonlySet<string>): string {
  for (let number = 0; ; number++) if (!taken.has(`${prefix}${number}`)) return `${prefix}${number}`;
}
