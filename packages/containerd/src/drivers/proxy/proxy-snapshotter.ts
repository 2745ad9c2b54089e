/**
 * A snapshotter in another process, reached by containerd's own snapshots API. Names, labels and parents are recorded
 * here, so that namespaces, leases and garbage collection are as with any other; the other side knows each snapshot as
 * `<namespace>/<number>/<name>`.
 */
import {type CallContext, KeyedMutex, type Logger, withNamespace} from '@longshore/base';
import type {ContainerdClient} from '@longshore/containerd-client';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {updateMapByMask, withoutEmpty} from '../../core/field-mask.ts';
import {checkLabels, type Labels, quote} from '../../core/names.ts';
import type {SnapshotRecord, SnapshotRecords} from '../../core/snapshots/record.ts';
import {
  checkSnapshotName,
  checkUpdatePath,
  commitParent,
  findParent,
  findSnapshot,
  targetLabel,
  toInfo,
  walkRecords,
} from '../../core/snapshots/record-rules.ts';
import type {
  Mount,
  SnapshotHooks,
  SnapshotInfo,
  SnapshotNode,
  Snapshotter,
  SnapshotUsage,
} from '../../core/snapshots/snapshotter.ts';
import {formatTime, now} from '../../core/time.ts';
import {BackendSnapshots} from './backend-snapshots.ts';
import type {ProxiedKeys} from './proxied-keys.ts';

export interface ProxySnapshotterOptions {
  name: string;
  /** Disposed together with the snapshotter. */
  client: Pick<ContainerdClient, 'snapshots'> & Disposable;
  records: SnapshotRecords;
  keys: ProxiedKeys;
  /** Every namespace that may have snapshots. */
  namespaces: () => readonly string[];
  hooks: SnapshotHooks;
  log: Logger;
}

type Creation = {kind: 'active' | 'view'; key: string; parent: string; labels: Labels};

export class ProxySnapshotter implements Snapshotter {
  readonly name: string;
  readonly #options: ProxySnapshotterOptions;
  readonly #backend: BackendSnapshots;
  readonly #locks = new KeyedMutex();
  /** Keys that the other side may have before they are recorded here. */
  readonly #creating = new Set<string>();
  #nextId: number;

  constructor(options: ProxySnapshotterOptions) {
    this.name = options.name;
    this.#options = options;
    this.#backend = new BackendSnapshots(options.client.snapshots, options.name);
    this.#nextId = options.records.ids().reduce((a, b) => Math.max(a, b), 0) + 1;
  }

  async prepare(ctx: CallContext, key: string, parent: string, labels: Labels = {}): Promise<Mount[]> {
    return await this.#create(ctx, {kind: 'active', key, parent, labels});
  }

  async view(ctx: CallContext, key: string, parent: string, labels: Labels = {}): Promise<Mount[]> {
    return await this.#create(ctx, {kind: 'view', key, parent, labels});
  }

  async mounts(ctx: CallContext, key: string): Promise<Mount[]> {
    const record = this.#get(ctx, key);
    if (record.kind === 'committed') {
      throw new EngineError('failed-precondition', `snapshot ${quote(key)} is committed: failed precondition`);
    }
    return await this.#backend.mounts(ctx, this.#keyOf(record));
  }

  async commit(ctx: CallContext, name: string, key: string, labels: Labels = {}, parentName = ''): Promise<void> {
    checkSnapshotName(name);
    checkLabels(labels);
    using _lock = await this.#locks.acquire(`${ctx.namespace}/${key}`, ctx.signal);
    const active = this.#checkCommit(ctx, name, key);
    // One that does not know the field would ignore it and keep a base without parent.
    commitParent(this.#options.records, active, parentName, 'proxies are not asked for it');
    const backendName = `${ctx.namespace}/${active.id}/${name}`;
    await this.#backend.commit(ctx, backendName, this.#keyOf(active), handedOn(labels));
    this.#options.records.transaction(() => {
      const record = this.#checkCommit(ctx, name, key);
      const time = now();
      const changed = {
        name,
        kind: 'committed',
        labels: withoutEmpty(labels),
        createdAt: time,
        updatedAt: time,
      } as const;
      this.#options.records.update({...record, ...changed});
      this.#options.keys.set(record.id, backendName);
      this.#options.hooks.committed(ctx, this.name, key, name);
    });
  }

  async remove(ctx: CallContext, key: string): Promise<void> {
    using _lock = await this.#locks.acquire(`${ctx.namespace}/${key}`, ctx.signal);
    const backendKey = this.#options.records.transaction(() => {
      const record = this.#get(ctx, key);
      if (this.#options.records.hasChildren(record)) {
        throw new EngineError('failed-precondition', 'cannot remove snapshot with child: failed precondition');
      }
      const found = this.#keyOf(record);
      this.#delete(record);
      return found;
    });
    await this.#discard(ctx, backendKey);
  }

  async stat(ctx: CallContext, key: string): Promise<SnapshotInfo> {
    return toInfo(this.#get(ctx, key));
  }

  async update(ctx: CallContext, key: string, labels: Labels, paths: readonly string[]): Promise<SnapshotInfo> {
    for (const path of paths) checkUpdatePath(path);
    return this.#options.records.transaction(() => {
      const record = this.#get(ctx, key);
      const changed = {...record, labels: updateMapByMask(record.labels, labels, paths), updatedAt: now()};
      checkLabels(changed.labels);
      this.#options.records.update(changed);
      return toInfo(changed);
    });
  }

  async usage(ctx: CallContext, key: string): Promise<SnapshotUsage> {
    return await this.#backend.usage(ctx, this.#keyOf(this.#get(ctx, key)));
  }

  async *walk(ctx: CallContext): AsyncGenerator<SnapshotInfo, void, void> {
    for await (const record of walkRecords(this.#options.records, ctx.namespace)) yield toInfo(record);
  }

  /** Only what has the form of our own keys is ours to remove: others may use the same process. */
  async cleanup(ctx: CallContext): Promise<void> {
    for (const namespace of this.#options.namespaces()) {
      const inside = withNamespace(ctx, namespace);
      const present = await this.#backend.keys(inside);
      const known = this.#options.keys.all(); // read after the list: none of it can have become known since
      const orphans = present.filter(key => !known.has(key) && !this.#creating.has(key) && this.#isOwn(namespace, key));
      // A child is always younger than its parent.
      for (const key of orphans.toSorted((a, b) => idOf(b) - idOf(a))) await this.#discard(inside, key);
      await this.#backend.cleanup(inside);
    }
  }

  listNodes(): SnapshotNode[] {
    return this.#options.records.nodes();
  }

  removeNodes(nodes: readonly {namespace: string; name: string}[]): void {
    const {records} = this.#options;
    records.transaction(() => {
      const found = nodes.map(({namespace, name}) => records.get(namespace, name)).filter(record => !!record);
      for (const record of found.sort((a, b) => b.id - a.id)) this.#delete(record);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.client[Symbol.dispose]();
  }

  async #create(ctx: CallContext, creation: Creation): Promise<Mount[]> {
    const {kind, key, labels} = creation;
    checkSnapshotName(key);
    checkLabels(labels);
    using _lock = await this.#locks.acquire(`${ctx.namespace}/${key}`, ctx.signal);
    this.#checkFree(ctx, creation);
    const parent = findParent(this.#options.records, ctx.namespace, creation.parent);
    const parentKey = parent ? this.#keyOf(parent) : '';
    const id = this.#nextId++;
    const backendKey = `${ctx.namespace}/${id}/${key}`;
    this.#creating.add(backendKey);
    try {
      const mounts = await this.#backend.create(ctx, kind, backendKey, parentKey, handedOn(labels));
      await this.#recordOrDiscard(ctx, id, creation, backendKey);
      return mounts;
    } catch (error) {
      const target = labels[targetLabel];
      if (kind === 'active' && target && isErrorCode(error, 'already-exists')) {
        await this.#adopt(ctx, target, creation, parentKey);
      }
      throw error;
    } finally {
      this.#creating.delete(backendKey);
    }
  }

  /** The other side has the wanted snapshot already (it fetches layers itself): it becomes a record here. */
  async #adopt(ctx: CallContext, target: string, creation: Creation, parentKey: string): Promise<never> {
    const backendKey = await this.#backend.findTarget(ctx, target, parentKey);
    if (backendKey === undefined) throw new EngineError('not-found', `target snapshot ${quote(target)}: not found`);
    this.#record(ctx, this.#nextId++, {...creation, key: target}, 'committed', backendKey);
    throw new EngineError('already-exists', `target snapshot ${quote(target)}: already exists`);
  }

  async #recordOrDiscard(ctx: CallContext, id: number, creation: Creation, backendKey: string): Promise<void> {
    try {
      this.#record(ctx, id, creation, creation.kind, backendKey);
    } catch (error) {
      await this.#discard(ctx, backendKey);
      throw error;
    }
  }

  #record(ctx: CallContext, id: number, creation: Creation, kind: SnapshotRecord['kind'], backendKey: string): void {
    const {records, keys, hooks} = this.#options;
    records.transaction(() => {
      this.#checkFree(ctx, creation);
      const parent = findParent(records, ctx.namespace, creation.parent); // it may have been removed meanwhile
      const time = now();
      records.insert({
        id,
        namespace: ctx.namespace,
        name: creation.key,
        parent: parent && {id: parent.id, name: parent.name},
        kind,
        labels: withoutEmpty(creation.labels),
        createdAt: time,
        updatedAt: time,
        usage: undefined,
      });
      keys.set(id, backendKey);
      hooks.created(ctx, this.name, creation.key);
    });
  }

  #checkFree(ctx: CallContext, {kind, key, labels}: Creation): void {
    const {records, hooks} = this.#options;
    const target = kind === 'active' ? labels[targetLabel] : undefined;
    if (target !== undefined && records.get(ctx.namespace, target)) {
      records.transaction(() => hooks.created(ctx, this.name, target));
      throw new EngineError('already-exists', `target snapshot ${quote(target)}: already exists`);
    }
    if (records.get(ctx.namespace, key)) {
      throw new EngineError('already-exists', `snapshot ${quote(key)}: already exists`);
    }
  }

  #checkCommit(ctx: CallContext, name: string, key: string): SnapshotRecord {
    if (this.#options.records.get(ctx.namespace, name)) {
      throw new EngineError('already-exists', `snapshot ${quote(name)}: already exists`);
    }
    const record = this.#get(ctx, key);
    if (record.kind === 'active') return record;
    throw new EngineError('failed-precondition', `snapshot ${quote(key)} is not active: failed precondition`);
  }

  #get(ctx: CallContext, key: string): SnapshotRecord {
    return findSnapshot(this.#options.records, ctx.namespace, key);
  }

  #keyOf(record: SnapshotRecord): string {
    return this.#options.keys.get(record.id);
  }

  #isOwn(namespace: string, key: string): boolean {
    return key.startsWith(`${namespace}/`) && idOf(key) > 0 && idOf(key) < this.#nextId;
  }

  #delete(record: SnapshotRecord): void {
    this.#options.records.delete(record);
    this.#options.keys.delete(record.id);
    this.#options.hooks.removed(record.namespace, this.name, record.name);
  }

  /** The records are right already: what cannot be removed now is garbage for the next clean-up. */
  async #discard(ctx: CallContext, backendKey: string): Promise<void> {
    try {
      await this.#backend.remove(ctx, backendKey);
    } catch (error) {
      if (isErrorCode(error, 'not-found')) return;
      this.#options.log.warn({snapshotter: this.name, key: backendKey, error}, 'cannot remove snapshot of proxy');
    }
  }
}

/** `<namespace>/<number>/<name>`; 0 for a key that is not of this form. */
function idOf(key: string): number {
  return Number(/^[^/]+\/([0-9]+)\//.exec(key)?.[1] ?? 0);
}

/**
 * Labels that snapshotters act on. The root label is for another containerd at the other end, whose collector knows
 * nothing of what we need.
 */
function handedOn(labels: Labels): Record<string, string> {
  const known = Object.entries(labels).filter(
    ([key]) => key === targetLabel || key.startsWith('containerd.io/snapshot/'),
  );
  return {...Object.fromEntries(known), 'containerd.io/gc.root': formatTime(now())};
}
