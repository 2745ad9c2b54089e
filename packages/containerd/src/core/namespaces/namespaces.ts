/** Namespaces: the labels they carry, and that they go only when nothing is left in them. */
import {EngineError} from '@longshore/errdefs';
import type {EventPublisher} from '../events/events.ts';
import {updateMapByMask, withoutEmpty} from '../field-mask.ts';
import type {NamespaceRecord} from '../metadata/records.ts';
import type {MetadataStore} from '../metadata/store.ts';
import {checkIdentifier, checkLabels, type Labels, quote} from '../names.ts';
import type {Snapshotter} from '../snapshots/snapshotter.ts';

export class Namespaces {
  readonly #metadata: MetadataStore;
  readonly #events: EventPublisher;
  readonly #snapshotters: readonly Snapshotter[];

  constructor(metadata: MetadataStore, events: EventPublisher, snapshotters: readonly Snapshotter[]) {
    this.#metadata = metadata;
    this.#events = events;
    this.#snapshotters = snapshotters;
  }

  /** Never not-found: a namespace exists as soon as somebody looks, and clients do before they use it first. */
  async get(name: string): Promise<NamespaceRecord> {
    checkIdentifier(name);
    return this.#metadata.namespaces.get(name) ?? {name, labels: {}};
  }

  async list(): Promise<NamespaceRecord[]> {
    return this.#metadata.namespaces.list();
  }

  async create(name: string, given: Labels): Promise<NamespaceRecord> {
    checkIdentifier(name);
    checkLabels(given);
    const record: NamespaceRecord = {name, labels: withoutEmpty(given)};
    this.#metadata.write(() => {
      if (this.#metadata.namespaces.get(name)) {
        throw new EngineError('already-exists', `namespace ${quote(name)}: already exists`);
      }
      this.#metadata.namespaces.put(record);
    });
    this.#events.publish(name, {topic: '/namespaces/create', ...record});
    return record;
  }

  /** `paths` name `labels` or `labels.KEY`; none means all labels. */
  async update(name: string, given: Labels, paths: readonly string[]): Promise<NamespaceRecord> {
    checkIdentifier(name);
    checkLabels(given);
    const wrong = paths.find(path => path !== 'labels' && !path.startsWith('labels.'));
    if (wrong !== undefined) {
      throw new EngineError('invalid-argument', `cannot update ${quote(wrong)} field: invalid argument`);
    }
    const record = this.#metadata.write(() => {
      const labels = updateMapByMask(this.#metadata.namespaces.get(name)?.labels ?? {}, given, paths);
      this.#metadata.namespaces.put({name, labels});
      return {name, labels};
    });
    // As in the original, the event tells what was asked for, removals too.
    this.#events.publish(name, {topic: '/namespaces/update', name, labels: given});
    return record;
  }

  async delete(name: string): Promise<void> {
    this.#metadata.write(() => {
      if (!this.#metadata.namespaces.get(name)) {
        throw new EngineError('not-found', `namespace ${quote(name)}: not found`);
      }
      const left = this.#contents(name);
      if (left.length > 0) {
        throw new EngineError(
          'failed-precondition',
          `namespace ${quote(name)} must be empty, but it still has ${left.join(', ')}: failed precondition`,
        );
      }
      this.#forget(name);
    });
    this.#events.publish(name, {topic: '/namespaces/delete', name});
  }

  /** Leases, ingests and sandboxes do not keep a namespace: they go with it. */
  #forget(name: string): void {
    for (const {id} of this.#metadata.leases.list(name)) this.#metadata.leases.delete(name, id);
    for (const {ref} of this.#metadata.ingests.list(name)) this.#metadata.ingests.delete(name, ref);
    for (const {id} of this.#metadata.sandboxes.list(name)) this.#metadata.sandboxes.delete(name, id);
    this.#metadata.namespaces.delete(name);
  }

  #contents(name: string): string[] {
    const left: string[] = [];
    if (this.#metadata.images.list(name).length > 0) left.push('images');
    if (this.#metadata.blobs.list(name).length > 0) left.push('blobs');
    if (this.#metadata.containers.list(name).length > 0) left.push('containers');
    if (this.#metadata.mounts.list(name).length > 0) left.push('mounts');
    for (const snapshotter of this.#snapshotters) {
      const isUsed = snapshotter.listNodes().some(node => node.namespace === name);
      if (isUsed) left.push(`snapshots on ${quote(snapshotter.name)} snapshotter`);
    }
    return left;
  }
}
