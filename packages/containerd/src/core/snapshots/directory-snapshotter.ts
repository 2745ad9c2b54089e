import {type CallContext, KeyedMutex, type Logger} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {updateMapByMask, withoutEmpty} from '../field-mask.ts';
import {checkLabels, type Labels, quote} from '../names.ts';
import {now} from '../time.ts';
import type {SnapshotFiles, SnapshotRecord, SnapshotRecords} from './record.ts';
import {
  checkSnapshotName,
  checkUpdatePath,
  childrenFirst,
  commitParent,
  findParent,
  findSnapshot,
  targetLabel,
  toInfo,
  walkRecords,
} from './record-rules.ts';
import type {Mount, SnapshotHooks, SnapshotInfo, SnapshotNode, Snapshotter, SnapshotUsage} from './snapshotter.ts';

export interface DirectorySnapshotterOptions {
  name: string;
  records: SnapshotRecords;
  files: SnapshotFiles;
  hooks: SnapshotHooks;
  log: Logger;
  /** Waits for the deletion of files in the call that removes their snapshot. */
  syncRemove?: boolean;
}

/**
 * A snapshotter whose snapshots are directories on this machine. A directory exists before its record is written and
 * is discarded after its record is gone, so a record always has its files, and files without record are garbage.
 */
export class DirectorySnapshotter implements Snapshotter {
  readonly name: string;
  readonly #records: SnapshotRecords;
  readonly #files: SnapshotFiles;
  readonly #hooks: SnapshotHooks;
  readonly #log: Logger;
  readonly #syncRemove: boolean;
  /** Keys that are being created or committed. */
  readonly #keys = new KeyedMutex();
  /** Ids whose directory may exist before its record does. */
  readonly #creating = new Set<number>();
  #nextId: number;

  /** `firstId` is above every id that has a record or a directory. Use `openDirectorySnapshotter`. */
  constructor(options: DirectorySnapshotterOptions, firstId: number) {
    this.name = options.name;
    this.#records = options.records;
    this.#files = options.files;
    this.#hooks = options.hooks;
    this.#syncRemove = options.syncRemove ?? false;
    this.#log = options.log;
    this.#nextId = firstId;
  }

  async prepare(ctx: CallContext, key: string, parent: string, labels: Labels = {}): Promise<Mount[]> {
    return await this.#create(ctx, 'active', key, parent, labels);
  }

  async view(ctx: CallContext, key: string, parent: string, labels: Labels = {}): Promise<Mount[]> {
    return await this.#create(ctx, 'view', key, parent, labels);
  }

  async mounts(ctx: CallContext, key: string): Promise<Mount[]> {
    const record = this.#get(ctx, key);
    if (record.kind === 'committed') {
      throw new EngineError('failed-precondition', `snapshot ${quote(key)} is committed: failed precondition`);
    }
    return this.#files.mounts(record.id, record.kind, this.#records.ancestors(record), record.labels);
  }

  async commit(ctx: CallContext, name: string, key: string, labels: Labels = {}, parentName = ''): Promise<void> {
    checkSnapshotName(name);
    checkLabels(labels);
    const cannot = this.#files.hasLayers ? undefined : `snapshots of ${this.name} are whole copies`;
    using _lock = await this.#keys.acquire(lockKey(ctx, key), ctx.signal);
    commitParent(this.#records, this.#checkCommit(ctx, name, key), parentName, cannot);
    const usage = await this.#usage(ctx, this.#get(ctx, key));
    this.#records.transaction(() => {
      const record = this.#checkCommit(ctx, name, key);
      const time = now();
      const parent = commitParent(this.#records, record, parentName, cannot); // it may have been removed meanwhile
      const times = {createdAt: time, updatedAt: time};
      this.#records.update({
        ...{...record, ...times, name, parent, usage},
        ...{kind: 'committed', labels: withoutEmpty(labels)},
      });
      this.#hooks.committed(ctx, this.name, key, name);
    });
  }

  async remove(ctx: CallContext, key: string): Promise<void> {
    using _lock = await this.#keys.acquire(lockKey(ctx, key), ctx.signal);
    const id = this.#records.transaction(() => {
      const record = this.#get(ctx, key);
      if (this.#records.hasChildren(record)) {
        throw new EngineError('failed-precondition', 'cannot remove snapshot with child: failed precondition');
      }
      this.#delete(record);
      return record.id;
    });
    await this.#discard([id]);
    if (this.#syncRemove) await this.#files.settle();
  }

  async stat(ctx: CallContext, key: string): Promise<SnapshotInfo> {
    return this.#info(this.#get(ctx, key));
  }

  async update(ctx: CallContext, key: string, labels: Labels, paths: readonly string[]): Promise<SnapshotInfo> {
    for (const path of paths) checkUpdatePath(path);
    return this.#records.transaction(() => {
      const record = this.#get(ctx, key);
      const changed = {...record, labels: updateMapByMask(record.labels, labels, paths), updatedAt: now()};
      checkLabels(changed.labels);
      this.#records.update(changed);
      return this.#info(changed);
    });
  }

  async usage(ctx: CallContext, key: string): Promise<SnapshotUsage> {
    const record = this.#get(ctx, key);
    return record.usage ?? (await this.#usage(ctx, record));
  }

  async *walk(ctx: CallContext): AsyncGenerator<SnapshotInfo, void, void> {
    for await (const record of walkRecords(this.#records, ctx.namespace)) yield this.#info(record);
  }

  async cleanup(_ctx: CallContext): Promise<void> {
    const present = await this.#files.list();
    const known = new Set(this.#records.ids()); // read after the directories: none of them can have become known since
    await this.#discard(present.filter(id => !known.has(id) && !this.#creating.has(id) && id < this.#nextId));
    await this.#files.settle();
  }

  listNodes(): SnapshotNode[] {
    return this.#records.nodes();
  }

  removeNodes(nodes: readonly {namespace: string; name: string}[]): void {
    this.#records.transaction(() => {
      const found = nodes.map(({namespace, name}) => this.#records.get(namespace, name)).filter(record => !!record);
      for (const record of childrenFirst(found)) this.#delete(record);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#files[Symbol.asyncDispose]();
  }

  async #usage(ctx: CallContext, record: SnapshotRecord): Promise<SnapshotUsage> {
    return await this.#files.usage(record.id, this.#records.ancestors(record), ctx.signal);
  }

  async #create(
    ctx: CallContext,
    kind: 'active' | 'view',
    key: string,
    parentName: string,
    labels: Labels,
  ): Promise<Mount[]> {
    checkSnapshotName(key);
    checkLabels(labels);
    using _lock = await this.#keys.acquire(lockKey(ctx, key), ctx.signal);
    this.#checkFree(ctx, key, kind, labels);
    const parent = this.#parent(ctx, parentName);
    const ancestors = parent ? [parent.id, ...this.#records.ancestors(parent)] : [];
    const id = this.#nextId++;
    this.#creating.add(id);
    try {
      await this.#files.create(id, kind, ancestors, labels);
      ctx.signal.throwIfAborted();
      this.#insert(ctx, {id, kind, key, parent: parentName, labels});
    } catch (error) {
      await this.#discard([id]);
      this.#parent(ctx, parentName); // that it was removed meanwhile is the better reason
      throw error;
    } finally {
      this.#creating.delete(id);
    }
    return this.#files.mounts(id, kind, ancestors, labels);
  }

  #insert(
    ctx: CallContext,
    made: {id: number; kind: 'active' | 'view'; key: string; parent: string; labels: Labels},
  ): void {
    this.#records.transaction(() => {
      this.#checkFree(ctx, made.key, made.kind, made.labels);
      const parent = this.#parent(ctx, made.parent); // it may have been removed meanwhile
      const time = now();
      this.#records.insert({
        id: made.id,
        namespace: ctx.namespace,
        name: made.key,
        parent: parent && {id: parent.id, name: parent.name},
        kind: made.kind,
        labels: withoutEmpty(made.labels),
        createdAt: time,
        updatedAt: time,
        usage: undefined,
      });
      this.#hooks.created(ctx, this.name, made.key);
    });
  }

  #checkFree(ctx: CallContext, key: string, kind: 'active' | 'view', labels: Labels): void {
    const target = kind === 'active' ? labels[targetLabel] : undefined;
    if (target !== undefined && this.#records.get(ctx.namespace, target)) {
      // The caller will use it in place of what it wanted to make: its lease holds it from now on.
      this.#records.transaction(() => this.#hooks.created(ctx, this.name, target));
      throw new EngineError('already-exists', `target snapshot ${quote(target)}: already exists`);
    }
    if (this.#records.get(ctx.namespace, key)) {
      throw new EngineError('already-exists', `snapshot ${quote(key)}: already exists`);
    }
  }

  #checkCommit(ctx: CallContext, name: string, key: string): SnapshotRecord {
    if (this.#records.get(ctx.namespace, name)) {
      throw new EngineError('already-exists', `snapshot ${quote(name)}: already exists`);
    }
    const record = this.#get(ctx, key);
    if (record.kind !== 'active') {
      throw new EngineError('failed-precondition', `snapshot ${quote(key)} is not active: failed precondition`);
    }
    return record;
  }

  #info(record: SnapshotRecord): SnapshotInfo {
    const info = toInfo(record);
    const labels = this.#files.labels?.(record.id);
    return labels ? {...info, labels: {...info.labels, ...labels}} : info;
  }

  #parent(ctx: CallContext, name: string): SnapshotRecord | undefined {
    return findParent(this.#records, ctx.namespace, name);
  }

  #get(ctx: CallContext, key: string): SnapshotRecord {
    return findSnapshot(this.#records, ctx.namespace, key);
  }

  #delete(record: SnapshotRecord): void {
    this.#records.delete(record);
    this.#hooks.removed(record.namespace, this.name, record.name);
  }

  /** The records are right already: what cannot be deleted now is garbage for the next clean-up. */
  async #discard(ids: readonly number[]): Promise<void> {
    try {
      await this.#files.discard(ids);
    } catch (error) {
      this.#log.warn({snapshotter: this.name, ids, error}, 'cannot remove directories of snapshots');
    }
  }
}

/** Starts a snapshotter; directories that a killed process left without record are deleted in the background. */
export async function openDirectorySnapshotter(options: DirectorySnapshotterOptions): Promise<DirectorySnapshotter> {
  const {records, files, log, name} = options;
  const known = records.ids();
  const present = await files.list();
  const firstId = Math.max(0, ...latest(known), ...latest(present)) + 1;
  const knownIds = new Set(known);
  const orphans = present.filter(id => !knownIds.has(id));
  if (orphans.length > 0) log.info({snapshotter: name, count: orphans.length}, 'removing directories without snapshot');
  await files.discard(orphans);
  return new DirectorySnapshotter(options, firstId);
}

/** Math.max takes no list of any length as arguments. */
function latest(ids: readonly number[]): number[] {
  return ids.length === 0 ? [] : [ids.reduce((a, b) => Math.max(a, b))];
}

function lockKey(ctx: CallContext, key: string): string {
  return `${ctx.namespace}/${key}`;
}
