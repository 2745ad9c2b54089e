/** What containers need of networks, and what networks need of containers. */
import type {CallContext} from '@longshore/base';
import type {
  EndpointSettings,
  NetworkingConfig,
  NetworkSettings,
  PortMap,
} from '../containers/documents/network-settings.ts';
import type {NamespaceChoice} from '../containers/spec/namespaces.ts';

/** The networking of one container, out of its Config and HostConfig. Plain data; nothing here is changed. */
export interface SandboxRequest {
  containerId: string;
  /** Without the leading slash. */
  containerName: string;
  /** `bridge`, `none`, `host` or a network's name or id. Never `container:` or `default`: the caller resolves those. */
  networkMode: string;
  hostname: string;
  domainname: string;
  exposedPorts: string[];
  portBindings: PortMap;
  publishAllPorts: boolean;
  dns: string[];
  dnsOptions: string[];
  dnsSearch: string[];
  /** `name:address`, as given. */
  extraHosts: string[];
  /** Containers that it is linked to on the default bridge. */
  linkedHosts: LinkedHost[];
  sysctls: Record<string, string>;
  /** Whom the network namespace belongs to: with `own` a user namespace of remapped containers is made with it. */
  userNamespace: NamespaceChoice;
  /** Requested and, when it ran before, stored endpoints by network name. */
  endpoints: Record<string, EndpointSettings>;
  /** Where to write the files that are mounted over /etc/hosts and /etc/resolv.conf; the directory exists. */
  files: {hosts: string; resolvConf: string; resolvConfHash: string};
}

/** A container that another one is linked to: a line of /etc/hosts. */
export interface LinkedHost {
  address: string;
  /** Separated by spaces. */
  names: string;
  /** Its exposed ports, as `80/tcp`: what a link opens where nothing else is open. */
  ports: string[];
}

/** A network namespace with its endpoints, ready before the container's process exists. */
export interface Sandbox {
  /** 64 hex digits, and the path under `<exec-root>/netns` where the namespace is pinned. */
  id: string;
  /** Path to name in the OCI spec; undefined with host networking (no network namespace at all). */
  netnsPath: string | undefined;
  /** Pinned like it: the user namespace that was made with it. */
  usernsPath: string | undefined;
  /** `SandboxID`, `SandboxKey`, `Networks`, `Ports` for the container's record. */
  settings: NetworkSettings;
  /** Sysctls that the spec must set inside (none with host networking). */
  sysctls: Record<string, string>;
}

export interface NetworkController {
  /**
   * Checks NetworkingConfig at create, before anything is made, and returns the endpoints to store, keyed by network
   * name. Throws Docker's messages: `invalid config for network net1: invalid endpoint settings:\n…`.
   */
  validateEndpoints(networkMode: string, config: NetworkingConfig | undefined): Record<string, EndpointSettings>;
  /** The name that `default` stands for, and the canonical name of a network; unknown names come back as they are. */
  canonicalName(mode: string): string;
  /**
   * Makes the sandbox: netns pinned, endpoints, addresses, routes, rules, published ports, hosts and resolv.conf
   * written. On failure nothing is left. Throws `failed to set up container
   * networking: …`.
   */
  attach(ctx: CallContext, request: SandboxRequest): Promise<Sandbox>;
  /** Sends the `network connect` events: a start that fails in the runtime has none. */
  announce(containerId: string): void;
  /** Undoes attach, sends `network disconnect`; fine when there is nothing. Keeps only what the user asked for. */
  release(ctx: CallContext, containerId: string): Promise<void>;
  /**
   * After a start of the daemon. Adopts the sandboxes of containers that still run (addresses, ports, rules) and
   * removes every other sandbox that an earlier daemon left.
   */
  restore(ctx: CallContext, running: readonly {request: SandboxRequest; settings: NetworkSettings}[]): Promise<void>;
  /** The containers that a running one is linked to have changed: /etc/hosts and the packet filter follow. */
  refreshHosts(request: SandboxRequest): Promise<void>;
  /** A container was renamed: names in DNS and hosts files follow. */
  rename(containerId: string, newName: string): Promise<void>;
}

/** A container as the networks part sees it, for connect, disconnect and inspect of a network. */
export interface ContainerEndpoints {
  /** By id, id prefix or name. Throws `not-found` (`No such container: nosuch`). */
  find(reference: string): AttachableContainer;
  all(): AttachableContainer[];
}

export interface AttachableContainer {
  readonly id: string;
  /** Without the leading slash. */
  readonly name: string;
  readonly running: boolean;
  /** `bridge`, `host`, `container:<id>` … */
  readonly networkMode: string;
  readonly settings: NetworkSettings;
  /** What attach would be called with: for a connect while it runs. */
  request(): SandboxRequest;
  /** Runs `change` under the container's lock and stores the settings it returns before resolving. */
  update(change: (settings: NetworkSettings) => Promise<NetworkSettings>): Promise<void>;
}
