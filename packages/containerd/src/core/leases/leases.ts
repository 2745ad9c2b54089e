/** Leases: they keep what they name, and what was created under them, from the collector. */
import {type CallContext, randomHex} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {mapField, parseFilters} from '../filters/filter.ts';
import type {CollectorTriggers} from '../gc/triggers.ts';
import type {LeaseRecord, LeaseResource} from '../metadata/records.ts';
import type {MetadataStore} from '../metadata/store.ts';
import {checkLabels, type Labels, quote} from '../names.ts';
import {now} from '../time.ts';

const maxIdLength = 255;

export class Leases {
  readonly #metadata: MetadataStore;
  readonly #collector: CollectorTriggers;

  constructor(metadata: MetadataStore, collector: CollectorTriggers) {
    this.#metadata = metadata;
    this.#collector = collector;
  }

  /** An empty id is replaced by a random one. Throws already-exists. */
  async create(ctx: CallContext, id: string, labels: Labels): Promise<LeaseRecord> {
    checkLabels(labels);
    if (id.length > maxIdLength) throw new EngineError('invalid-argument', `lease id longer than ${maxIdLength} bytes`);
    const lease: LeaseRecord = {id: id || `${Date.now()}-${randomHex(2)}`, labels, createdAt: now()};
    this.#metadata.write(() => {
      if (this.#metadata.leases.get(ctx.namespace, lease.id)) {
        throw new EngineError('already-exists', `lease ${quote(lease.id)}: already exists`);
      }
      this.#metadata.leases.put(ctx.namespace, lease);
    });
    this.#collector.mutated();
    return lease;
  }

  /** With `sync` it resolves after what the lease kept is collected. Throws not-found. */
  async delete(ctx: CallContext, id: string, sync: boolean): Promise<void> {
    this.#metadata.write(() => {
      if (!this.#metadata.leases.delete(ctx.namespace, id)) throw leaseNotFound(id);
    });
    if (sync) await this.#collector.collect();
    else this.#collector.removed();
  }

  async list(ctx: CallContext, filters: readonly string[]): Promise<LeaseRecord[]> {
    const filter = parseFilters(filters);
    return this.#metadata.leases.list(ctx.namespace).filter(lease =>
      filter(([first, ...rest]) => {
        if (first === 'id') return lease.id;
        return first === 'labels' ? mapField(lease.labels, rest) : undefined;
      }),
    );
  }

  async addResource(ctx: CallContext, id: string, resource: LeaseResource): Promise<void> {
    checkResource(resource);
    this.#metadata.write(() => {
      if (!this.#metadata.leases.get(ctx.namespace, id)) throw leaseNotFound(id);
      this.#metadata.leaseResources.add(ctx.namespace, id, resource);
    });
    this.#collector.mutated();
  }

  async deleteResource(ctx: CallContext, id: string, resource: LeaseResource): Promise<void> {
    checkResource(resource);
    this.#metadata.write(() => {
      if (!this.#metadata.leases.get(ctx.namespace, id)) throw leaseNotFound(id);
      this.#metadata.leaseResources.delete(ctx.namespace, id, resource);
    });
    this.#collector.removed();
  }

  async listResources(ctx: CallContext, id: string): Promise<LeaseResource[]> {
    if (!this.#metadata.leases.get(ctx.namespace, id)) throw leaseNotFound(id);
    return this.#metadata.leaseResources.list(ctx.namespace, id);
  }
}

/**
 * Makes the resource one of `ctx.lease`, when there is a lease; belongs inside the transaction that makes the resource.
 * Returns whether there was one. Throws not-found when the lease is gone.
 */
export function attachToLease(metadata: MetadataStore, ctx: CallContext, resource: LeaseResource): boolean {
  if (ctx.lease === '') return false;
  if (!metadata.leases.get(ctx.namespace, ctx.lease)) throw leaseNotFound(ctx.lease);
  metadata.leaseResources.add(ctx.namespace, ctx.lease, resource);
  return true;
}

function leaseNotFound(id: string): EngineError {
  return new EngineError('not-found', `lease ${quote(id)}: not found`);
}

function checkResource({type, id}: LeaseResource): void {
  const known = ['content', 'ingests', 'images', 'mounts'].includes(type) || /^snapshots\/[^/]+$/.test(type);
  if (type.split('/')[0] === 'snapshots' && !known) {
    throw new EngineError('invalid-argument', `invalid snapshot resource type ${type}: invalid argument`);
  }
  if (!known) throw new EngineError('unimplemented', `resource type ${type} not supported yet: not implemented`);
  if (id === '') throw new EngineError('invalid-argument', 'lease resource id must not be empty: invalid argument');
}
