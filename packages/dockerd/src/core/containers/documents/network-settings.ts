/** The network part of a container's record, in Docker's shape on disk and in the API. */
import {bool, emptyObject, int, list, map, omitEmpty, pointer, type ShapeOf, struct, text} from '../../shape/shape.ts';

export const endpointIpamConfig = struct({
  IPv4Address: omitEmpty(text),
  IPv6Address: omitEmpty(text),
  LinkLocalIPs: omitEmpty(list(text)),
});

const endpointFields = {
  IPAMConfig: pointer(endpointIpamConfig),
  Links: list(text),
  Aliases: list(text),
  MacAddress: text,
  DriverOpts: map(text),
  GwPriority: int,
  NetworkID: text,
  EndpointID: text,
  Gateway: text,
  IPAddress: text,
  IPPrefixLen: int,
  IPv6Gateway: text,
  GlobalIPv6Address: text,
  GlobalIPv6PrefixLen: int,
  DNSNames: list(text),
};

/** An endpoint of a container on one network. The keys up to GwPriority are what a request may set. */
export const endpointSettings = struct(endpointFields);
export type EndpointSettings = ShapeOf<typeof endpointSettings>;

/** What a request says about the networks of a new container. */
export const networkingConfig = struct({EndpointsConfig: map(endpointSettings)});
export type NetworkingConfig = ShapeOf<typeof networkingConfig>;

export const portBinding = struct({HostIp: text, HostPort: text});
export const portMap = map(list(portBinding));
/** Keys `80/tcp`; null is exposed but not published. */
export type PortMap = NonNullable<ShapeOf<typeof portMap>>;

/** On disk an endpoint also keeps the MAC address that the user asked for. */
const storedEndpoint = struct({...endpointFields, IPAMOperational: bool, DesiredMacAddress: text});

export const networkSettings = struct({
  Bridge: text,
  SandboxID: text,
  SandboxKey: text,
  HairpinMode: bool,
  LinkLocalIPv6Address: text,
  LinkLocalIPv6PrefixLen: int,
  Networks: map(storedEndpoint),
  Service: pointer(emptyObject),
  Ports: portMap,
  SecondaryIPAddresses: pointer(emptyObject),
  SecondaryIPv6Addresses: pointer(emptyObject),
  HasSwarmEndpoint: bool,
});
export type NetworkSettings = ShapeOf<typeof networkSettings>;
export type StoredEndpoint = ShapeOf<typeof storedEndpoint>;
