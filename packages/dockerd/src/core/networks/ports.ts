/** What the networks part needs from the kernel, the disk and other processes. Implemented in `drivers/bridge`. */

import type {CallContext} from '@longshore/base';
import type {NamespaceChoice} from '../containers/spec/namespaces.ts';
import type {NetworkRecord} from './documents.ts';
import type {Subnet} from './ipv4.ts';
import type {Subnet6} from './ipv6.ts';
import type {PublishedPort, SandboxRecord} from './sandbox-record.ts';

export type IpFamily = 'ipv4' | 'ipv6';

export interface BridgeDevice {
  name: string;
  /** Address with prefix length. */
  cidr: string;
  /** The same for IPv6, where the network has it. */
  cidr6: string | undefined;
  mtu: number;
  /** The packet filter must see what goes from container to container. */
  filtersInside: boolean;
  /** The host reaches published ports of containers over its loopback, too. */
  hairpin: boolean;
  /** The administrator's: nothing of it is changed but what is missing. */
  isForeign: boolean;
}

/** One end on the bridge, one in the container. */
export interface VethPair {
  hostInterface: string;
  interface: string;
  device: string;
  mac: string;
  cidr: string;
  /** Undefined: IPv6 is turned off on the container's end. */
  cidr6: string | undefined;
  /** Further addresses, of either family. */
  linkLocalCidrs: readonly string[];
  mtu: number;
  /** What the container sends to its own published port comes back to it. */
  hairpin: boolean;
}

/** The kernel. Every method is synchronous and fast: a few netlink messages. */
export interface LinkDriver {
  /** Subnets that the host can already reach by a route other than over the devices `except`. */
  hostSubnets(except: readonly string[]): Subnet[];
  hostSubnets6(except: readonly string[]): Subnet6[];
  /** First address of a device, or undefined when it has none or does not exist. */
  deviceCidr(name: string, family: IpFamily): string | undefined;
  /** Makes the bridge, or adopts it when it is there: address, MTU, up. Throws when a device of another kind has the name. */
  ensureBridge(device: BridgeDevice): void;
  deviceExists(name: string): boolean;
  /** Removes a device; fine when it is gone. Slow: the kernel waits until nobody can be using it. */
  deleteDevice(name: string): void;
  /**
   * Makes a network namespace with its loopback up, and pins it. It belongs to the machine's user namespace (`host`), to one
   * that is made and pinned with it (`own`), or to one that exists.
   */
  openNamespace(path: string, users: NamespaceChoice): void;
  /** Where `openNamespace` pins the user namespace. */
  userNamespaceOf(path: string): string;
  /** Unpins it; fine when it is gone. */
  closeNamespace(path: string): void;
  /** True when the path pins a namespace. */
  isNamespace(path: string): boolean;
  /** Pinned files that are there, without those of other uses. */
  namespaces(): string[];
  /** Connects a namespace to a bridge, and tells the neighbours whose the address is now. On failure the pair is gone. */
  addVeth(namespace: string, pair: VethPair): void;
  /**
   * Takes a device off its bridge at once; fine when it is gone. It goes with the namespace of its other end: to delete
   * it here would wait for the kernel, some 30 ms.
   */
  detachDevice(name: string): void;
  /** The default route of a family; undefined removes it. */
  setDefaultRoute(namespace: string, family: IpFamily, route: {gateway: string; interface: string} | undefined): void;
}

export interface FirewallRule {
  /** IPv4 without it. */
  family?: 'ipv6';
  table: 'raw' | 'filter' | 'nat';
  chain: string;
  /** As iptables-save prints it, without `-A CHAIN`. */
  rule: string;
  /** Before or behind what is in the chain. */
  at: 'head' | 'tail';
}

export interface Firewall {
  /** Makes exactly these rules hold, whatever an earlier daemon left. One save, one restore. */
  sync(rules: readonly FirewallRule[]): Promise<void>;
  /** Changes them, all or nothing per table. */
  change(add: readonly FirewallRule[], remove: readonly FirewallRule[]): Promise<void>;
}

export interface NetworkStore {
  load(): Promise<NetworkRecord[]>;
  /** Durable when it resolves. */
  save(record: NetworkRecord): Promise<void>;
  remove(id: string): Promise<void>;
}

/** Records that survive the daemon, not the machine. */
export interface SandboxStore {
  load(): SandboxRecord[];
  save(record: SandboxRecord): void;
  remove(containerId: string): void;
}

/** Files of the host that those of containers are made from. */
export interface HostFiles {
  /** Contents of the resolv.conf to start from, and its path for a comment. */
  resolvConf(): {text: string; path: string};
  hosts(): string;
}

/** The files that are mounted over /etc/hosts and /etc/resolv.conf of a container. */
export interface SandboxFiles {
  /** Changes the file in place: it may be mounted already. */
  writeHosts(path: string, text: string): Promise<void>;
  /** Leaves a file alone that somebody changed since the hash was written. */
  writeResolvConf(path: string, hashPath: string, text: string): Promise<void>;
}

/** The DNS server inside the sandboxes on user-defined networks. */
export interface NameServer {
  /** Listens on 127.0.0.11 in the namespace. Serving again replaces what it knew. */
  serve(sandbox: ServedSandbox): Promise<void>;
  /** Fine when it does not serve it. */
  stop(containerId: string): void;
}

export interface ServedSandbox {
  containerId: string;
  namespace: string;
  /** Servers for other names; `fromHost` ones are asked from the host's network. */
  external: readonly {address: string; fromHost: boolean}[];
  hasNdots: boolean;
  /** An earlier daemon served it already: its rules are there. */
  isAdopted: boolean;
}

export type DnsTransport = 'udp' | 'tcp';

/** Sockets of the DNS server. */
export interface DnsSockets {
  /** Listens on 127.0.0.11 port 53 inside a namespace; the result closes it. An undefined answer is not sent. */
  listen(
    target: {namespace: string; isAdopted: boolean},
    onQuery: (query: Buffer, transport: DnsTransport) => Promise<Buffer | undefined>,
  ): Promise<() => void>;
  /** Asks a server, from the host's network when no namespace is given. Throws when it does not answer in time. */
  ask(target: {namespace: string | undefined; server: string; transport: DnsTransport}, query: Buffer): Promise<Buffer>;
}

/** A port of the host that belongs to a container. */
export interface HostPortHolder extends Disposable {
  /** Starts the proxy if there is to be one. Throws when it cannot serve. */
  serve(ctx: CallContext): Promise<void>;
}

/** The host's side of published ports. */
export interface HostPortSockets {
  /** Range out of which the kernel draws ports as well. */
  ephemeralPorts(): {first: number; last: number};
  hasIpv6(): boolean;
  /** Takes the port on the host, so that nobody else gets it. Throws `already-exists` when somebody has it. */
  hold(port: PublishedPort, options: {proxy: boolean}): HostPortHolder | Promise<HostPortHolder>;
}
