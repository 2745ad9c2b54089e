/** What the daemon's configuration says about networks. Plain values; `daemon.ts` fills them in. */
import type {SubnetPool} from './subnet-pools.ts';
import type {SubnetPool6} from './subnet-pools6.ts';

export interface NetworkConfig {
  /** Device of the network `bridge`: `docker0`, another one, or `none` for no such network. */
  bridge: string;
  /** Address of that device with its prefix length; empty to keep what it has or to pick one. */
  bip: string;
  /** Part of its subnet that containers get their addresses from; empty for all of it. */
  fixedCidr: string;
  /** Gateway of its containers when it is not the device itself; empty otherwise. */
  defaultGateway: string;
  /** The default bridge has IPv6; the next three are as their namesakes above. */
  ipv6: boolean;
  bip6: string;
  fixedCidrV6: string;
  defaultGatewayV6: string;
  pools: readonly SubnetPool[];
  /** The last one is the machine's own. */
  pools6: readonly SubnetPool6[];
  mtu: number;
  /** Containers on the default bridge may talk to each other. */
  icc: boolean;
  /** Host address that ports are published on when none is given. */
  defaultBindingIp: string;
  iptables: boolean;
  ip6tables: boolean;
  ipForward: boolean;
  /** Leave the policy of FORWARD alone even when the daemon turned on forwarding. */
  ipForwardNoDrop: boolean;
  ipMasq: boolean;
  /** Other machines may reach containers by the containers' own addresses. */
  allowDirectRouting: boolean;
  userlandProxy: boolean;
  /** Executable of the userland proxy: a path, or a name to be found in PATH. */
  userlandProxyPath: string;
  dns: readonly string[];
  dnsOptions: readonly string[];
  dnsSearch: readonly string[];
  /** What `host-gateway` stands for; empty for docker0's address. */
  hostGatewayIps: readonly string[];
  /** Options of new networks by driver. */
  defaultNetworkOptions: Readonly<Record<string, Readonly<Record<string, string>>>>;
}
