/** Makes, lists and removes networks. */
import {type CallContext, Mutex} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {EventBus} from '../events/event-bus.ts';
import type {Filters} from '../filters/filters.ts';
import {networkFromRequest} from './create-request.ts';
import type {IpamPool, NetworkCreateRequest, NetworkRecord} from './documents.ts';
import {networkRules} from './firewall/network-rules.ts';
import {formatIpv4, formatSubnet, overlaps, parseSubnet} from './ipv4.ts';
import {formatIpv6, formatSubnet6, overlaps6, parseSubnet6} from './ipv6.ts';
import {type BridgeNetwork, bridgeDevice, type Network, poolsOf} from './network.ts';
import type {NetworkConfig} from './network-config.ts';
import type {Firewall, LinkDriver} from './ports.ts';
import {bridgeRecord, plainRecord, predefinedNames} from './predefined.ts';
import type {NetworkRegistry} from './registry.ts';
import {pickSubnet} from './subnet-pools.ts';
import {pickSubnet6} from './subnet-pools6.ts';

export interface NetworkManagerParts {
  config: NetworkConfig;
  registry: NetworkRegistry;
  links: LinkDriver;
  /** Undefined with --iptables=false. */
  firewall: Firewall | undefined;
  events: EventBus;
  /** Called before the first network with IPv6 is made, and for every other one: the host must forward for it. */
  forwardIpv6(): void;
}

export class NetworkManager {
  readonly #parts: NetworkManagerParts;
  /** One creation or removal at a time: they pick pools and devices. */
  readonly #changes = new Mutex();

  constructor(parts: NetworkManagerParts) {
    this.#parts = parts;
  }

  /** At the start of the daemon: takes over the stored networks, adds the predefined ones, makes the devices. */
  async open(ctx: CallContext, stored: readonly NetworkRecord[]): Promise<void> {
    const {config, registry} = this.#parts;
    const own = stored.filter(record => !isPredefined(record.Name));
    for (const record of own) registry.adopt(record);
    for (const name of ['none', 'host'] as const) {
      const record = stored.find(each => each.Name === name);
      if (record) registry.adopt(record);
      else await registry.add(plainRecord(name));
    }
    if (config.bridge !== 'none') await this.#openDefaultBridge(stored.find(record => record.Name === 'bridge'));
    for (const network of registry.bridges) {
      try {
        this.#makeDevice(network);
      } catch (error) {
        if (network.isDefault) throw error;
        ctx.log.error({network: network.record.Name, error}, 'cannot set up the bridge of a network');
      }
    }
  }

  get(reference: string): Network {
    return this.#parts.registry.find(reference);
  }

  /** Throws `invalid-argument` for an unknown filter. */
  list(filters: Filters): Network[] {
    filters.allow('dangling', 'driver', 'id', 'label', 'name', 'scope', 'type');
    const matches = networkMatcher(filters);
    return this.#parts.registry.all.filter(matches);
  }

  async create(ctx: CallContext, request: NetworkCreateRequest): Promise<Network> {
    const {config, registry} = this.#parts;
    const defaults = config.defaultNetworkOptions[request.Driver || 'bridge'] ?? {};
    const record = networkFromRequest({...request, Options: {...defaults, ...request.Options}}, config.mtu);
    using _lock = await this.#changes.acquire(ctx.signal);
    if (registry.byName(record.Name)) {
      throw new EngineError('conflict', `network with name ${record.Name} already exists`);
    }
    const network = await registry.add(this.#withPool(record));
    if (network.kind === 'bridge') await this.#establish(network);
    this.#announce('create', network);
    return network;
  }

  /** Throws `permission-denied` for a predefined network and one with running containers. */
  async remove(ctx: CallContext, reference: string): Promise<void> {
    using _lock = await this.#changes.acquire(ctx.signal);
    const network = this.#parts.registry.find(reference);
    if (isPredefined(network.record.Name)) {
      throw new EngineError(
        'permission-denied',
        `${network.record.Name} is a pre-defined network and cannot be removed`,
      );
    }
    await this.#remove(network);
  }

  /** Removes user-defined networks without running containers; returns their names. */
  async prune(ctx: CallContext, filters: Filters, isOldEnough: (record: NetworkRecord) => boolean): Promise<string[]> {
    filters.allow('label', 'label!', 'until');
    using _lock = await this.#changes.acquire(ctx.signal);
    const removed: string[] = [];
    for (const network of this.#parts.registry.all) {
      const {record} = network;
      const isKept = isPredefined(record.Name) || network.endpoints.size > 0 || !isOldEnough(record);
      if (isKept || !filters.matchLabels('label', record.Labels) || !filters.hasNoLabels('label!', record.Labels))
        continue;
      try {
        await this.#remove(network);
        removed.push(record.Name);
      } catch (error) {
        ctx.log.warn({network: record.Name, error}, 'cannot remove a network that nobody uses');
      }
    }
    this.#parts.events.publish('network', 'prune', '', {reclaimed: '0'});
    return removed;
  }

  async #openDefaultBridge(stored: NetworkRecord | undefined): Promise<void> {
    const {config, registry, links} = this.#parts;
    if (config.bridge !== 'docker0' && !links.deviceExists(config.bridge)) {
      throw new EngineError('not-found', `bridge device ${config.bridge} does not exist`);
    }
    const ours = [config.bridge, ...registry.bridges.map(network => network.device)];
    const record = bridgeRecord(config, stored, {
      hostSubnets: links.hostSubnets(ours),
      networkSubnets: registry.subnets,
      deviceCidr: links.deviceCidr(config.bridge, 'ipv4'),
      takenSubnets6: config.ipv6 ? [...registry.subnets6, ...links.hostSubnets6(ours)] : [],
      deviceCidr6: config.ipv6 ? links.deviceCidr(config.bridge, 'ipv6') : undefined,
    });
    await registry.add(record);
  }

  /** Picks a pool for each family, or checks the ones that were asked for. */
  #withPool(record: NetworkRecord): NetworkRecord {
    const {v4, v6} = poolsOf(record);
    const pools = [this.#poolOrPick(v4), ...(record.EnableIPv6 ? [this.#pool6OrPick(v6)] : v6 ? [v6] : [])];
    return {...record, IPAM: {...record.IPAM, Config: pools}};
  }

  #poolOrPick(given: IpamPool | undefined): IpamPool {
    const {config, registry, links} = this.#parts;
    const subnet = parseSubnet(given?.Subnet ?? '');
    if (given && subnet) {
      if (registry.subnets.some(taken => overlaps(taken, subnet))) throw overlapping();
      return given;
    }
    const picked = pickSubnet(config.pools, [...registry.subnets, ...links.hostSubnets([])]);
    return {...noPool, Subnet: formatSubnet(picked), Gateway: formatIpv4(picked.address + 1)};
  }

  #pool6OrPick(given: IpamPool | undefined): IpamPool {
    const {config, registry, links} = this.#parts;
    const subnet = parseSubnet6(given?.Subnet ?? '');
    if (given && subnet) {
      if (registry.subnets6.some(taken => overlaps6(taken, subnet))) throw overlapping();
      return given;
    }
    const picked = pickSubnet6(config.pools6, [...registry.subnets6, ...links.hostSubnets6([])]);
    return {...noPool, Subnet: formatSubnet6(picked), Gateway: formatIpv6(picked.address + 1n)};
  }

  #makeDevice(network: BridgeNetwork): void {
    if (network.v6) this.#parts.forwardIpv6();
    this.#parts.links.ensureBridge(bridgeDevice(network));
  }

  /** The device and the rules of a new network; without them there is no network. */
  async #establish(network: BridgeNetwork): Promise<void> {
    const {links, firewall, registry} = this.#parts;
    try {
      if (links.deviceExists(network.device)) {
        throw new EngineError('conflict', `device ${network.device} exists already`);
      }
      this.#makeDevice(network);
    } catch (error) {
      await registry.remove(network);
      throw error;
    }
    try {
      await firewall?.change(networkRules(network), []);
    } catch (error) {
      links.deleteDevice(network.device);
      await registry.remove(network);
      throw error;
    }
  }

  async #remove(network: Network): Promise<void> {
    const {links, firewall, registry} = this.#parts;
    const active = [...network.endpoints.values()].map(
      endpoint => `name:"${endpoint.containerName}" id:"${endpoint.id.slice(0, 12)}"`,
    );
    if (active.length > 0) {
      throw new EngineError(
        'permission-denied',
        `error while removing network: network ${network.record.Name} has active endpoints (${active.join(', ')})`,
      );
    }
    if (network.kind === 'bridge') {
      await firewall?.change([], networkRules(network));
      links.deleteDevice(network.device);
    }
    await registry.remove(network);
    this.#announce('destroy', network);
  }

  #announce(action: string, {record}: Network): void {
    this.#parts.events.publish('network', action, record.Id, {name: record.Name, type: record.Driver});
  }
}

const noPool: IpamPool = {Subnet: '', IPRange: '', Gateway: '', AuxiliaryAddresses: null};

function overlapping(): EngineError {
  return new EngineError(
    'permission-denied',
    'invalid pool request: Pool overlaps with other one on this address space',
  );
}

export function isPredefined(name: string): boolean {
  return (predefinedNames as readonly string[]).includes(name);
}

function networkMatcher(filters: Filters): (network: Network) => boolean {
  const types = filters.get('type');
  const wrongType = types.find(type => type !== 'custom' && type !== 'builtin');
  if (wrongType !== undefined) throw new EngineError('invalid-argument', `invalid filter: 'type'='${wrongType}'`);
  const dangling = filters.has('dangling') ? filters.bool('dangling', false) : undefined;
  return network => {
    const {record, endpoints} = network;
    const type = isPredefined(record.Name) ? 'builtin' : 'custom';
    const isDangling = type === 'custom' && endpoints.size === 0;
    return (
      (dangling === undefined || dangling === isDangling) &&
      filters.matchExact('driver', record.Driver) &&
      filters.matchPattern('id', record.Id) &&
      filters.matchPattern('name', record.Name) &&
      filters.matchLabels('label', record.Labels) &&
      filters.matchExact('scope', 'local') &&
      (types.length === 0 || types.includes(type))
    );
  };
}
