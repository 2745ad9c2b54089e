/** Networks and a container's endpoints on them. */
import type {Loose} from './common.ts';

/** Answer of GET /networks/{id}; `Containers` is empty in the list. */
export interface Network {
  Name: string;
  Id: string;
  Created: string;
  Scope: 'local' | 'swarm' | 'global' | '';
  Driver: string;
  EnableIPv4: boolean;
  EnableIPv6: boolean;
  IPAM: Ipam;
  Internal: boolean;
  Attachable: boolean;
  Ingress: boolean;
  ConfigFrom: {Network: string};
  ConfigOnly: boolean;
  /** By container id. */
  Containers: Record<string, NetworkContainer>;
  Options: Record<string, string> | null;
  Labels: Record<string, string> | null;
  /** Overlay networks only. */
  Peers?: {Name: string; IP: string}[];
  /** Swarm services, with `verbose=1`. */
  Services?: Record<string, object>;
}

/** Address management of a network. */
export interface Ipam {
  Driver: string;
  Options: Record<string, string> | null;
  Config: IpamConfig[] | null;
}

/** One address pool, in CIDR notation. */
export interface IpamConfig {
  Subnet?: string;
  IPRange?: string;
  Gateway?: string;
  /** Host name → address that is not to be given away. */
  AuxiliaryAddresses?: Record<string, string>;
}

/** An endpoint seen from its network; addresses with prefix length. */
export interface NetworkContainer {
  Name: string;
  EndpointID: string;
  MacAddress: string;
  IPv4Address: string;
  IPv6Address: string;
}

/** An endpoint seen from its container. The keys up to `GwPriority` are what a request may set. */
export interface EndpointSettings {
  IPAMConfig: EndpointIpamConfig | null;
  /** `container:alias` */
  Links: string[] | null;
  Aliases: string[] | null;
  MacAddress: string;
  DriverOpts: Record<string, string> | null;
  /** The endpoint with the highest one provides the default gateway. */
  GwPriority: number;
  NetworkID: string;
  EndpointID: string;
  Gateway: string;
  IPAddress: string;
  IPPrefixLen: number;
  IPv6Gateway: string;
  GlobalIPv6Address: string;
  GlobalIPv6PrefixLen: number;
  /** What the embedded DNS server answers to. */
  DNSNames: string[] | null;
}

/** Addresses the user asked for. */
export interface EndpointIpamConfig {
  IPv4Address?: string;
  IPv6Address?: string;
  LinkLocalIPs?: string[] | null;
}

/** Body of POST /networks/create. */
export interface NetworkCreateRequest {
  Name: string;
  /** Ignored: a name is always unique. */
  CheckDuplicate?: boolean;
  Driver?: string;
  Scope?: string;
  EnableIPv4?: boolean | null;
  EnableIPv6?: boolean | null;
  IPAM?: Loose<Ipam> | null;
  Internal?: boolean;
  Attachable?: boolean;
  Ingress?: boolean;
  ConfigOnly?: boolean;
  ConfigFrom?: {Network?: string} | null;
  Options?: Record<string, string> | null;
  Labels?: Record<string, string> | null;
}

/** Answer of POST /networks/create, status 201. */
export interface NetworkCreateResponse {
  Id: string;
  Warning: string;
}

/** Body of POST /networks/{id}/connect. */
export interface NetworkConnectRequest {
  Container: string;
  EndpointConfig?: Loose<EndpointSettings> | null;
}

/** Body of POST /networks/{id}/disconnect. */
export interface NetworkDisconnectRequest {
  Container: string;
  Force?: boolean;
}

/** Answer of POST /networks/prune: names. */
export interface NetworksPruneResponse {
  NetworksDeleted: string[] | null;
}
