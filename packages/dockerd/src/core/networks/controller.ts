/** What containers see of the networks part. */
import type {CallContext} from '@longshore/base';
import {codeOf, EngineError, messageOf} from '@longshore/errdefs';
import type {EndpointSettings, NetworkingConfig, NetworkSettings} from '../containers/documents/network-settings.ts';
import {endpointSettings} from '../containers/documents/network-settings.ts';
import type {NetworkController, Sandbox, SandboxRequest} from '../ports/network-controller.ts';
import {checkEndpoint} from './endpoint-rules.ts';
import {toFirewallRules} from './firewall/link-rules.ts';
import {baseRules, networkRules} from './firewall/network-rules.ts';
import type {NetworkConfig} from './network-config.ts';
import type {Firewall, LinkDriver, SandboxStore} from './ports.ts';
import type {PortPublisher} from './publish/port-publisher.ts';
import type {NetworkRegistry} from './registry.ts';
import {adoptSandbox} from './restore.ts';
import {requestedOf, runningSettings} from './sandbox-settings.ts';
import type {Sandboxes} from './sandboxes.ts';

export interface ControllerParts {
  config: NetworkConfig;
  registry: NetworkRegistry;
  sandboxes: Sandboxes;
  store: SandboxStore;
  links: LinkDriver;
  firewall: Firewall | undefined;
  publisher: PortPublisher;
  /** In one, groups that it does not have cannot be allowed to ping. */
  inUserNamespace: boolean;
}

/** Docker sets these in every network namespace of its own: unprivileged programs may use low ports, and ping. */
const sandboxSysctls = {
  'net.ipv4.ip_unprivileged_port_start': '0',
};
/** Groups of the machine, which a user namespace has not. */
const pingSysctls = {'net.ipv4.ping_group_range': '0 2147483647'};

export class Controller implements NetworkController {
  readonly #parts: ControllerParts;

  constructor(parts: ControllerParts) {
    this.#parts = parts;
  }

  validateEndpoints(networkMode: string, config: NetworkingConfig | undefined): Record<string, EndpointSettings> {
    const endpoints: Record<string, EndpointSettings> = {};
    for (const [reference, given] of Object.entries(config?.EndpointsConfig ?? {})) {
      const name = this.canonicalName(reference);
      const settings = requestedOf(given);
      checkEndpoint(name, settings, this.#parts.registry.byName(name)?.record);
      endpoints[name] = settings;
    }
    if (networkMode.startsWith('container:')) return {};
    return {[this.canonicalName(networkMode)]: endpointSettings.zero(), ...endpoints};
  }

  canonicalName(mode: string): string {
    if (mode === '' || mode === 'default') return 'bridge';
    try {
      return this.#parts.registry.find(mode).record.Name;
    } catch (error) {
      if (codeOf(error) === 'not-found') return mode;
      throw error;
    }
  }

  async attach(ctx: CallContext, request: SandboxRequest): Promise<Sandbox> {
    try {
      const sandbox = await this.#parts.sandboxes.open(ctx, request);
      const settings = runningSettings(sandbox, this.#requested(request), request.exposedPorts);
      const {id, key} = sandbox;
      if (sandbox.isHost) return {id, netnsPath: undefined, usernsPath: undefined, settings, sysctls: {}};
      const usernsPath = request.userNamespace === 'own' ? this.#parts.links.userNamespaceOf(key) : undefined;
      const hasGroups = request.userNamespace === 'host' && !this.#parts.inUserNamespace;
      const own = hasGroups ? {...sandboxSysctls, ...pingSysctls} : sandboxSysctls;
      return {id, netnsPath: key, usernsPath, settings, sysctls: {...own, ...request.sysctls}};
    } catch (error) {
      const message = `failed to set up container networking: ${messageOf(error)}`;
      throw new EngineError(codeOf(error), message, {cause: error});
    }
  }

  announce(containerId: string): void {
    this.#parts.sandboxes.announce(containerId);
  }

  async release(ctx: CallContext, containerId: string): Promise<void> {
    await this.#parts.sandboxes.close(ctx, containerId);
  }

  async restore(
    ctx: CallContext,
    running: readonly {request: SandboxRequest; settings: NetworkSettings}[],
  ): Promise<void> {
    const {sandboxes, store, links, registry, firewall, publisher, config} = this.#parts;
    const stored = new Map(store.load().map(record => [record.containerId, record]));
    const kept = new Set<string>();
    for (const {request, settings} of running) {
      const record = adoptSandbox(ctx, registry, request, settings, stored.get(request.containerId));
      stored.delete(request.containerId);
      sandboxes.adopt(record);
      kept.add(record.key);
      if (!record.isHost && !links.isNamespace(record.key)) {
        ctx.log.warn(
          {container: request.containerId, namespace: record.key},
          'the network namespace is not pinned any more',
        );
      }
    }
    const ports = sandboxes.all.flatMap(sandbox => sandbox.ports ?? []);
    const openedByLinks = sandboxes.all.flatMap(sandbox => toFirewallRules(sandbox.linkRules));
    await firewall?.sync([
      ...baseRules(config),
      ...registry.bridges.flatMap(networkRules),
      ...publisher.rules(ports),
      ...openedByLinks,
    ]);
    for (const sandbox of stored.values()) await sandboxes.discard(ctx, sandbox);
    for (const path of links.namespaces()) if (!kept.has(path)) links.closeNamespace(path);
    await publisher.adopt(ctx, ports);
    for (const {request} of running) await this.#serveNames(ctx, request);
  }

  async refreshHosts(request: SandboxRequest): Promise<void> {
    await this.#parts.sandboxes.refreshHosts(request);
  }

  async rename(containerId: string, newName: string): Promise<void> {
    this.#parts.sandboxes.rename(containerId, newName);
  }

  async #serveNames(ctx: CallContext, request: SandboxRequest): Promise<void> {
    const sandbox = this.#parts.sandboxes.get(request.containerId);
    try {
      if (sandbox) await this.#parts.sandboxes.serveAdopted(request, sandbox);
    } catch (error) {
      ctx.log.error({container: request.containerId, error}, 'cannot serve names in the network of a container');
    }
  }

  /** By network name, although a request may name a network by its id. */
  #requested(request: SandboxRequest): Record<string, EndpointSettings> {
    const entries = Object.entries(request.endpoints);
    return Object.fromEntries(entries.map(([key, value]) => [this.canonicalName(key), requestedOf(value)]));
  }
}
