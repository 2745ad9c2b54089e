/** All networks of the daemon, by id and name. */
import {EngineError} from '@longshore/errdefs';
import type {NetworkRecord} from './documents.ts';
import type {Subnet} from './ipv4.ts';
import type {Subnet6} from './ipv6.ts';
import {type BridgeNetwork, type Network, type NetworkDefaults, openNetwork} from './network.ts';
import type {NetworkStore} from './ports.ts';

export class NetworkRegistry {
  readonly #store: NetworkStore;
  readonly #defaults: NetworkDefaults;
  readonly #byId = new Map<string, Network>();
  readonly #byName = new Map<string, Network>();

  constructor(store: NetworkStore, defaults: NetworkDefaults) {
    this.#store = store;
    this.#defaults = defaults;
  }

  /** Oldest first. */
  get all(): Network[] {
    return [...this.#byId.values()].sort((a, b) => compare(a.record.Created, b.record.Created));
  }

  get bridges(): BridgeNetwork[] {
    return this.all.filter(network => network.kind === 'bridge');
  }

  /** Subnets that belong to networks. */
  get subnets(): Subnet[] {
    return this.bridges.map(network => network.subnet);
  }

  get subnets6(): Subnet6[] {
    return this.bridges.flatMap(({v6}) => v6?.subnet ?? []);
  }

  byName(name: string): Network | undefined {
    return this.#byName.get(name);
  }

  byId(id: string): Network | undefined {
    return this.#byId.get(id);
  }

  /** By id, name or id prefix. Throws `not-found`, or `invalid-argument` when several ids begin so. */
  find(reference: string): Network {
    const exact = this.#byId.get(reference) ?? this.#byName.get(reference);
    if (exact) return exact;
    const matches = reference === '' ? [] : this.all.filter(({record}) => record.Id.startsWith(reference));
    const [match] = matches;
    if (matches.length > 1) {
      throw new EngineError(
        'invalid-argument',
        `network ${reference} is ambiguous (${matches.length} matches found on ID prefix)`,
      );
    }
    if (match) return match;
    throw new EngineError('not-found', `network ${reference} not found`);
  }

  /** Takes over a record that is stored already. */
  adopt(record: NetworkRecord): Network {
    const network = openNetwork(record, this.#defaults);
    this.#byId.set(record.Id, network);
    this.#byName.set(record.Name, network);
    return network;
  }

  /** Stores a new network. Throws `conflict` when the name is taken. */
  async add(record: NetworkRecord): Promise<Network> {
    if (this.#byName.has(record.Name)) {
      throw new EngineError('conflict', `network with name ${record.Name} already exists`);
    }
    await this.#store.save(record);
    return this.adopt(record);
  }

  async remove(network: Network): Promise<void> {
    await this.#store.remove(network.record.Id);
    this.#byId.delete(network.record.Id);
    this.#byName.delete(network.record.Name);
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
