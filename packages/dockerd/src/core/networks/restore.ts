/** The record of a sandbox that is in use already: what the last daemon wrote, or what the container's record tells. */
import type {CallContext} from '@longshore/base';
import {codeOf} from '@longshore/errdefs';
import type {NetworkSettings, StoredEndpoint} from '../containers/documents/network-settings.ts';
import type {SandboxRequest} from '../ports/network-controller.ts';
import {parseIpv4} from './ipv4.ts';
import {isUserDefined} from './network.ts';
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
  const address = parseIpv4(endpoint.address);
  if (network?.kind !== 'bridge' || address === undefined) return;
  try {
    network.addresses.reserve(address);
  } catch (error) {
    const {containerId} = sandbox;
    ctx.log.error(
      {container: containerId, address: endpoint.address, code: codeOf(error), error},
      'cannot keep an address',
    );
  }
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
    gatewayPriority: entry.GwPriority,
    aliases: entry.Aliases,
    links: entry.Links,
    dnsNames: network && isUserDefined(network) ? entry.DNSNames : null,
  };
}
