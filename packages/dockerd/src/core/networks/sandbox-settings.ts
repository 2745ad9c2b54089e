/** The networking of a container as its record keeps it and inspect shows it. */
import {
  type EndpointSettings,
  endpointSettings,
  type NetworkSettings,
  networkSettings,
  type PortMap,
  type StoredEndpoint,
} from '../containers/documents/network-settings.ts';
import type {Endpoint, PublishedPort, SandboxRecord} from './sandbox-record.ts';

/** Settings of a running container. `requested` is what the user asked for, by network name. */
export function runningSettings(
  sandbox: SandboxRecord,
  requested: Readonly<Record<string, EndpointSettings>>,
  exposed: readonly string[],
): NetworkSettings {
  const networks = (sandbox.endpoints ?? []).map(endpoint => {
    const wanted = requested[endpoint.networkName] ?? endpointSettings.zero();
    return [endpoint.networkName, storedEndpoint(endpoint, wanted)] as const;
  });
  return {
    ...networkSettings.zero(),
    SandboxID: sandbox.id,
    SandboxKey: sandbox.key,
    Networks: Object.fromEntries(networks),
    Ports: sandbox.isHost ? {} : portMap(exposed, sandbox.ports ?? []),
  };
}

/** The same container when it does not run: the networks it will be put on, and the id of each that is known. */
export function stoppedSettings(settings: NetworkSettings): NetworkSettings {
  const networks = Object.entries(settings.Networks ?? {}).map(([name, endpoint]) => {
    const wanted = {...requestedOf(endpoint), NetworkID: endpoint.NetworkID, IPAMOperational: false};
    return [name, {...wanted, DesiredMacAddress: endpoint.DesiredMacAddress}] as const;
  });
  return {...networkSettings.zero(), Networks: Object.fromEntries(networks), Ports: {}};
}

/** An entry for a network that a container which does not run will be put on. */
export function pendingEndpoint(networkId: string, wanted: EndpointSettings): StoredEndpoint {
  return {...wanted, NetworkID: networkId, IPAMOperational: false, DesiredMacAddress: wanted.MacAddress};
}

export function storedEndpoint(endpoint: Endpoint, wanted: EndpointSettings): StoredEndpoint {
  const hasAddress = endpoint.address !== '';
  return {
    ...wanted,
    MacAddress: endpoint.mac,
    NetworkID: endpoint.networkId,
    EndpointID: endpoint.id,
    Gateway: endpoint.gateway,
    IPAddress: endpoint.address,
    IPPrefixLen: hasAddress ? endpoint.prefix : 0,
    IPv6Gateway: endpoint.gateway6,
    GlobalIPv6Address: endpoint.address6,
    GlobalIPv6PrefixLen: endpoint.prefix6,
    DNSNames: endpoint.dnsNames,
    IPAMOperational: false,
    DesiredMacAddress: wanted.MacAddress,
  };
}

/** What the user asked for, out of an entry that may also hold what a run added. */
export function requestedOf(endpoint: EndpointSettings & {DesiredMacAddress?: string}): EndpointSettings {
  const {IPAMConfig, Links, Aliases, DriverOpts, GwPriority} = endpoint;
  const isStored = endpoint.DesiredMacAddress !== undefined;
  return {
    ...endpointSettings.zero(),
    IPAMConfig,
    Links,
    Aliases,
    DriverOpts,
    GwPriority,
    MacAddress: isStored ? (endpoint.DesiredMacAddress as string) : endpoint.MacAddress,
  };
}

/** Exposed ports with their bindings; null when there are none. */
function portMap(exposed: readonly string[], published: readonly PublishedPort[]): PortMap {
  const result: PortMap = {};
  for (const port of exposed) result[port] = null;
  for (const {protocol, containerPort, hostAddress, hostPort} of published) {
    const port = `${containerPort}/${protocol}`;
    result[port] = [...(result[port] ?? []), {HostIp: hostAddress, HostPort: String(hostPort)}];
  }
  return result;
}
