/** The network sandboxes of running containers: made, changed and removed as a whole. */
import {join} from 'node:path';
import {type CallContext, randomHex} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {EndpointSettings} from '../containers/documents/network-settings.ts';
import type {NamespaceChoice} from '../containers/spec/namespaces.ts';
import type {EventBus} from '../events/event-bus.ts';
import type {SandboxRequest} from '../ports/network-controller.ts';
import type {ContainerFiles} from './container-files.ts';
import {drawEndpoint, gatewayEndpoint, gatewayOf, releaseAddress, vethPair} from './endpoints.ts';
import type {GeneratedResolvConf} from './files/resolv-conf.ts';
import {linkRules, toFirewallRules} from './firewall/link-rules.ts';
import type {Network} from './network.ts';
import type {Firewall, IpFamily, LinkDriver, NameServer, SandboxStore} from './ports.ts';
import type {PortPublisher} from './publish/port-publisher.ts';
import type {NetworkRegistry} from './registry.ts';
import type {Endpoint, SandboxRecord} from './sandbox-record.ts';
import {requestedOf} from './sandbox-settings.ts';

export interface SandboxesParts {
  /** Where namespaces are pinned. */
  directory: string;
  registry: NetworkRegistry;
  links: LinkDriver;
  store: SandboxStore;
  files: ContainerFiles;
  publisher: PortPublisher;
  names: NameServer;
  firewall: Firewall | undefined;
  events: EventBus;
}

/** Where the default routes of a sandbox go. */
type Gateways = Record<IpFamily, Endpoint | undefined>;

export class Sandboxes {
  readonly #parts: SandboxesParts;
  readonly #byContainer = new Map<string, SandboxRecord>();

  constructor(parts: SandboxesParts) {
    this.#parts = parts;
  }

  get(containerId: string): SandboxRecord | undefined {
    return this.#byContainer.get(containerId);
  }

  get all(): SandboxRecord[] {
    return [...this.#byContainer.values()];
  }

  /** Makes a sandbox; on failure nothing is left of it. */
  async open(ctx: CallContext, request: SandboxRequest): Promise<SandboxRecord> {
    const left = this.#byContainer.get(request.containerId);
    if (left) await this.#undo(ctx, left);
    const networks = this.#networksOf(request);
    const id = randomHex(32);
    const isHost = networks.some(network => network.kind === 'host');
    const key = join(this.#parts.directory, isHost ? 'default' : id.slice(0, 12));
    const {containerId, containerName} = request;
    const sandbox: SandboxRecord = {
      id,
      containerId,
      containerName,
      key,
      isHost,
      endpoints: [],
      ports: [],
      linkRules: [],
    };
    this.#byContainer.set(containerId, sandbox);
    try {
      for (const network of networks) this.#draw(sandbox, network, request);
      this.#parts.store.save(sandbox);
      if (!isHost) this.#wire(sandbox, request.userNamespace);
      const {files} = this.#parts;
      const resolver = files.resolver(request, sandbox);
      await settleAll([
        files.write(request, sandbox),
        this.#publish(ctx, request, sandbox),
        this.#openLinks(request, sandbox),
        this.#serve(sandbox, resolver, false),
      ]);
    } catch (error) {
      await this.#undo(ctx, sandbox);
      throw error;
    }
    return sandbox;
  }

  /** The container is about to run: only now do the events tell of its networks. */
  announce(containerId: string): void {
    const sandbox = this.#byContainer.get(containerId);
    for (const endpoint of sandbox?.endpoints ?? []) if (sandbox) this.#announce('connect', sandbox, endpoint);
  }

  /** Removes a sandbox; fine when there is none. */
  async close(ctx: CallContext, containerId: string): Promise<void> {
    const sandbox = this.#byContainer.get(containerId);
    if (!sandbox) return;
    const endpoints = sandbox.endpoints ?? [];
    await this.#undo(ctx, sandbox);
    for (const endpoint of endpoints) this.#announce('disconnect', sandbox, endpoint);
  }

  /** Puts a running container on one more network. */
  async connect(network: Network, request: SandboxRequest, settings: EndpointSettings): Promise<Endpoint> {
    const sandbox = this.#running(request.containerId);
    const before = this.#gateways(sandbox);
    const endpoint = this.#draw(sandbox, network, {
      ...request,
      endpoints: {...request.endpoints, [network.record.Name]: settings},
    });
    try {
      this.#parts.store.save(sandbox);
      if (network.kind === 'bridge') this.#parts.links.addVeth(sandbox.key, vethPair(network, endpoint));
      this.#routeAgain(sandbox, before);
      await this.#follow(request, sandbox);
    } catch (error) {
      this.#parts.links.deleteDevice(endpoint.hostInterface);
      this.#removeEndpoint(sandbox, endpoint);
      this.#parts.store.save(sandbox);
      this.#routeAgain(sandbox, {ipv4: undefined, ipv6: undefined});
      throw error;
    }
    this.#announce('connect', sandbox, endpoint);
    return endpoint;
  }

  /** Takes a running container off a network. */
  async disconnect(network: Network, request: SandboxRequest): Promise<void> {
    const sandbox = this.#running(request.containerId);
    const endpoint = network.endpoints.get(request.containerId);
    if (!endpoint) return;
    const before = this.#gateways(sandbox);
    await this.#parts.publisher.withdraw(this.#portsOf(sandbox, endpoint));
    this.#parts.links.deleteDevice(endpoint.hostInterface);
    this.#removeEndpoint(sandbox, endpoint);
    this.#parts.store.save(sandbox);
    this.#routeAgain(sandbox, before);
    await this.#follow(request, sandbox);
    this.#announce('disconnect', sandbox, endpoint);
  }

  /** Takes over the sandbox of a container that outlived the last daemon. */
  adopt(sandbox: SandboxRecord): void {
    this.#byContainer.set(sandbox.containerId, sandbox);
    for (const endpoint of sandbox.endpoints ?? []) {
      this.#parts.registry.byId(endpoint.networkId)?.endpoints.set(sandbox.containerId, endpoint);
    }
  }

  /** The name server of an adopted sandbox died with the last daemon. */
  async serveAdopted(request: SandboxRequest, sandbox: SandboxRecord): Promise<void> {
    await this.#serve(sandbox, this.#parts.files.resolver(request, sandbox), true);
  }

  /** Removes what is left of a sandbox whose container is gone, adopted or not. */
  async discard(ctx: CallContext, sandbox: SandboxRecord): Promise<void> {
    await this.#undo(ctx, sandbox);
  }

  /** Fine when there is no sandbox. */
  async refreshHosts(request: SandboxRequest): Promise<void> {
    const sandbox = this.#byContainer.get(request.containerId);
    if (!sandbox) return;
    await this.#parts.files.write(request, sandbox);
    await this.#openLinks(request, sandbox);
  }

  rename(containerId: string, name: string): void {
    const sandbox = this.#byContainer.get(containerId);
    if (!sandbox) return;
    const replaced = (names: string[] | null) =>
      names && [name, ...names.filter(each => each !== sandbox.containerName && each !== name)];
    for (const endpoint of sandbox.endpoints ?? []) {
      endpoint.dnsNames = replaced(endpoint.dnsNames);
      endpoint.containerName = name;
    }
    sandbox.containerName = name;
    this.#parts.store.save(sandbox);
  }

  #running(containerId: string): SandboxRecord {
    const sandbox = this.#byContainer.get(containerId);
    if (sandbox) return sandbox;
    throw new EngineError('failed-precondition', `container ${containerId} has no network sandbox`);
  }

  /** The network of the mode first, since its interface is eth0; a container that was taken off it stays off. */
  #networksOf(request: SandboxRequest): Network[] {
    const {registry} = this.#parts;
    const stored = [...new Set(Object.keys(request.endpoints).map(name => registry.find(name)))];
    const isFirst = ({record}: Network) => [record.Name, record.Id].includes(request.networkMode);
    const all =
      stored.length === 0
        ? [registry.find(request.networkMode)]
        : [...stored.filter(isFirst), ...stored.filter(network => !isFirst(network))];
    if (all.length > 1 && all.some(({kind}) => kind !== 'bridge')) {
      throw new EngineError(
        'invalid-argument',
        'container cannot be connected to multiple networks with one of the networks in private (none) mode',
      );
    }
    return all;
  }

  /** Adds an endpoint to the sandbox and its network; only the address is taken. */
  #draw(sandbox: SandboxRecord, network: Network, request: SandboxRequest): Endpoint {
    const interfaces = new Set((sandbox.endpoints ?? []).map(each => each.interface));
    const stored = request.endpoints[network.record.Name] ?? request.endpoints[network.record.Id];
    const endpoint = drawEndpoint(network, request, stored && requestedOf(stored), interfaces);
    sandbox.endpoints = [...(sandbox.endpoints ?? []), endpoint];
    network.endpoints.set(sandbox.containerId, endpoint);
    return endpoint;
  }

  /** All that the kernel has to do, in one go. */
  #wire(sandbox: SandboxRecord, users: NamespaceChoice): void {
    const {links, registry} = this.#parts;
    links.openNamespace(sandbox.key, users);
    for (const endpoint of sandbox.endpoints ?? []) {
      const network = registry.byId(endpoint.networkId);
      if (network?.kind === 'bridge') links.addVeth(sandbox.key, vethPair(network, endpoint));
    }
    this.#routeAgain(sandbox, {ipv4: undefined, ipv6: undefined});
  }

  #gateways(sandbox: SandboxRecord): Gateways {
    const endpoints = sandbox.endpoints ?? [];
    return {ipv4: gatewayEndpoint(endpoints, 'ipv4'), ipv6: gatewayEndpoint(endpoints, 'ipv6')};
  }

  /** The default routes where they are not what they were. */
  #routeAgain(sandbox: SandboxRecord, before: Gateways): void {
    const gateways = this.#gateways(sandbox);
    for (const family of ['ipv4', 'ipv6'] as const) {
      const endpoint = gateways[family];
      if (endpoint === before[family]) continue;
      const route = endpoint && {gateway: gatewayOf(endpoint, family), interface: endpoint.interface};
      this.#parts.links.setDefaultRoute(sandbox.key, family, route);
    }
  }

  /** Files and name server after a change of the networks. */
  async #follow(request: SandboxRequest, sandbox: SandboxRecord): Promise<void> {
    await this.#parts.files.write(request, sandbox);
    await this.#serve(sandbox, this.#parts.files.resolver(request, sandbox), false);
  }

  /** Only on user-defined networks; outside names only when a way leads there. */
  async #serve(sandbox: SandboxRecord, {external, hasNdots}: GeneratedResolvConf, isAdopted: boolean): Promise<void> {
    const {containerId, key: namespace} = sandbox;
    const endpoints = sandbox.endpoints ?? [];
    if (!endpoints.some(({dnsNames}) => dnsNames !== null)) return this.#parts.names.stop(containerId);
    const {ipv4, ipv6} = this.#gateways(sandbox);
    const reachable = ipv4 || ipv6 ? external : [];
    await this.#parts.names.serve({containerId, namespace, external: reachable, hasNdots, isAdopted});
  }

  /** Stored before they hold, so that the next daemon takes away what this one could not. */
  async #openLinks(request: SandboxRequest, sandbox: SandboxRecord): Promise<void> {
    const endpoint = sandbox.endpoints?.find(({networkName}) => networkName === 'bridge');
    const network = endpoint && this.#parts.registry.byId(endpoint.networkId);
    const before = sandbox.linkRules ?? [];
    const wanted = network?.kind === 'bridge' ? linkRules(network, endpoint as Endpoint, request.linkedHosts) : [];
    if (before.join() === wanted.join()) return;
    sandbox.linkRules = [...new Set([...before, ...wanted])];
    this.#parts.store.save(sandbox);
    const added = wanted.filter(rule => !before.includes(rule));
    const removed = before.filter(rule => !wanted.includes(rule));
    await this.#parts.firewall?.change(toFirewallRules(added), toFirewallRules(removed));
    sandbox.linkRules = wanted;
    this.#parts.store.save(sandbox);
  }

  async #publish(ctx: CallContext, request: SandboxRequest, sandbox: SandboxRecord): Promise<void> {
    const gateway = gatewayEndpoint(sandbox.endpoints ?? []);
    const network = gateway && this.#parts.registry.byId(gateway.networkId);
    if (!gateway || network?.kind !== 'bridge') return;
    await this.#parts.publisher.publish(ctx, request, network, gateway, ports => {
      sandbox.ports = ports;
      this.#parts.store.save(sandbox);
    });
  }

  #portsOf(sandbox: SandboxRecord, endpoint: Endpoint) {
    return (sandbox.ports ?? []).filter(port => [endpoint.address, endpoint.address6].includes(port.containerAddress));
  }

  #removeEndpoint(sandbox: SandboxRecord, endpoint: Endpoint): void {
    const network = this.#parts.registry.byId(endpoint.networkId);
    const ports = this.#portsOf(sandbox, endpoint);
    if (endpoint.hostInterface !== '') this.#parts.links.detachDevice(endpoint.hostInterface);
    sandbox.endpoints = (sandbox.endpoints ?? []).filter(each => each !== endpoint);
    sandbox.ports = (sandbox.ports ?? []).filter(port => !ports.includes(port));
    if (network?.endpoints.get(sandbox.containerId) === endpoint) {
      network.endpoints.delete(sandbox.containerId);
      releaseAddress(network, endpoint);
    }
  }

  async #closeLinks(sandbox: SandboxRecord): Promise<void> {
    const rules = toFirewallRules(sandbox.linkRules);
    if (rules.length > 0) await this.#parts.firewall?.change([], rules);
    sandbox.linkRules = [];
  }

  /** Every step is tried; the record goes last, so that a failure is found again at the next start. */
  async #undo(ctx: CallContext, sandbox: SandboxRecord): Promise<void> {
    const {links, store, names, publisher} = this.#parts;
    const {containerId} = sandbox;
    let isClean = true;
    const attempt = async (step: string, action: () => unknown) => {
      try {
        await action();
      } catch (error) {
        isClean = false;
        ctx.log.warn({container: containerId, step, error}, 'cannot clean up a network sandbox');
      }
    };
    await attempt('name server', () => names.stop(containerId));
    await attempt('published ports', () => publisher.withdraw(sandbox.ports ?? []));
    await attempt('rules of links', () => this.#closeLinks(sandbox));
    for (const endpoint of sandbox.endpoints ?? []) {
      await attempt(`endpoint ${endpoint.networkName}`, () => this.#removeEndpoint(sandbox, endpoint));
    }
    if (!sandbox.isHost) await attempt('namespace', () => links.closeNamespace(sandbox.key));
    if (isClean) await attempt('record', () => store.remove(containerId));
    if (this.#byContainer.get(containerId) === sandbox) this.#byContainer.delete(containerId);
  }

  #announce(action: 'connect' | 'disconnect', sandbox: SandboxRecord, endpoint: Endpoint): void {
    const network = this.#parts.registry.byId(endpoint.networkId);
    this.#parts.events.publish('network', action, endpoint.networkId, {
      container: sandbox.containerId,
      name: endpoint.networkName,
      type: network?.record.Driver ?? '',
    });
  }
}

/** Waits for all, then throws the first failure: nothing may go on while the sandbox is undone. */
async function settleAll(work: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(work);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
