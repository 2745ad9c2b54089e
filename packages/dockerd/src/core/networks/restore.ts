/** The record of a sandbox that is in use already: what the last daemon wrote, or what the container's record tells. */
import type {CallContext} from '@longshore/base';
import {codeOf} from '@longshore/errdefs';
import type {NetworkSettings, StoredEndpoint} from '../containers/documents/network-settings.ts';
import type {SandboxRequest} from '../ports/network-controller.ts';
import {parseIpv4} from './ipv4.ts';
import {parseIpv6} from './ipv6.ts';
import {type BridgeNetwork, isUserDefined} from './network.ts';
import type {NetworkRegistry} from './registry.ts';
import type {Endpoint, SandboxRecord} from './sandbox-record.ts';

/** Takes the addresses of the sandbox in its networks. */
export function adoptSandbox(
  ctx: CallContext,
  registry: NetworkRegistry,
  request: SandboxRequest,
  settings: NetworkSettings,
  stored: SandboxRecord | undefined,
): SandboxRecord {
  const isSame = stored !== undefined && (settings.SandboxID === '' || settings.SandboxID === stored.id);
  const sandbox = isSame ? stored : fromSettings(registry, request, settings);
  for (const endpoint of sandbox.endpoints ?? []) takeAddress(ctx, registry, sandbox, endpoint);
  return sandbox;
}

function takeAddress(ctx: CallContext, registry: NetworkRegistry, sandbox: SandboxRecord, endpoint: Endpoint): void {
  const network = registry.byId(endpoint.networkId);
  if (network?.kind !== 'bridge') return;
  try {
    reserve(network, endpoint);
  } catch (error) {
    const {containerId: container} = sandbox;
    const {address, address6} = endpoint;
    ctx.log.error({container, address, address6, code: codeOf(error), error}, 'cannot keep an address');
  }
}

function reserve(network: BridgeNetwork, endpoint: Endpoint): void {
  const address = parseIpv4(endpoint.address);
  const address6 = parseIpv6(endpoint.address6);
  if (address !== undefined) network.addresses.reserve(address);
  if (address6 !== undefined) network.v6?.addresses.reserve(address6);
}

function fromSettings(registry: NetworkRegistry, request: SandboxRequest, settings: NetworkSettings): SandboxRecord {
  const entries = Object.entries(settings.Networks ?? {}).filter(([, {EndpointID}]) => EndpointID !== '');
  return {
    id: settings.SandboxID,
    containerId: request.containerId,
    containerName: request.containerName,
    key: settings.SandboxKey,
    isHost: settings.SandboxKey.endsWith('/default'),
    endpoints: entries.map(([name, entry], index) => endpointOf(registry, request, name, entry, index)),
    ports: [],
    linkRules: [],
  };
}

/** The name of the host's end is lost: it goes with the namespace. */
function endpointOf(
  registry: NetworkRegistry,
  request: SandboxRequest,
  name: string,
  entry: StoredEndpoint,
  index: number,
): Endpoint {
  const network = registry.byName(name);
  return {
    id: entry.EndpointID,
    containerName: request.containerName,
    networkId: entry.NetworkID,
    networkName: name,
    interface: entry.IPAddress === '' ? '' : `eth${index}`,
    hostInterface: '',
    mac: entry.MacAddress,
    address: entry.IPAddress,
    prefix: entry.IPPrefixLen,
    gateway: entry.Gateway,
    address6: entry.GlobalIPv6Address,
    prefix6: entry.GlobalIPv6PrefixLen,
    gateway6: entry.IPv6Gateway,
    linkLocal: entry.IPAMConfig?.LinkLocalIPs ?? null,
    gatewayPriority: entry.GwPriority,
    aliases: entry.Aliases,
    links: entry.Links,
    dnsNames: network && isUserDefined(network) ? entry.DNSNames : null,
  };
}
