/**
 * The mount manager: makes the mounts that others depend on, in directories of its own, and remembers them, so that
 * they outlive neither what they are for nor, unknown, this process. As containerd 2.2 describes it (docs/mounts.md).
 */
import {type CallContext, KeyedMutex, type Logger} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {parseMaskPath, updateMapByMask, withoutEmpty} from '../field-mask.ts';
import {mapField, parseFilters} from '../filters/filter.ts';
import type {CollectorTriggers} from '../gc/triggers.ts';
import {attachToLease} from '../leases/leases.ts';
import type {MetadataStore} from '../metadata/store.ts';
import {checkLabels, type Labels, quote} from '../names.ts';
import type {Mount} from '../snapshots/snapshotter.ts';
import {now} from '../time.ts';
import type {ActivationRecord, ActiveMount, MountPlaces} from './activation.ts';
import {takeFileSystem} from './file-system.ts';
import {loopType, type MountType, parseMountType, takeDirectories} from './mount-type.ts';
import {fillTemplates} from './templates.ts';

export interface MountsOptions {
  metadata: MetadataStore;
  places: MountPlaces;
  collector: CollectorTriggers;
  log: Logger;
}

export interface ActivateOptions {
  labels: Labels;
  /** Everything is mounted here; what is left is one bind mount of the result. */
  temporary: boolean;
}

export class Mounts {
  readonly #metadata: MetadataStore;
  readonly #places: MountPlaces;
  readonly #collector: CollectorTriggers;
  readonly #log: Logger;
  readonly #names = new KeyedMutex();

  constructor({metadata, places, collector, log}: MountsOptions) {
    this.#metadata = metadata;
    this.#places = places;
    this.#collector = collector;
    this.#log = log;
  }

  /**
   * Throws already-exists; unimplemented when the client can mount all of it as it is, or for a type that cannot be
   * had here. When it throws nothing is left mounted.
   */
  async activate(
    ctx: CallContext,
    name: string,
    mounts: readonly Mount[],
    {labels, temporary}: ActivateOptions,
  ): Promise<ActivationRecord> {
    if (name === '') throw new EngineError('invalid-argument', 'mount name must not be empty: invalid argument');
    checkLabels(labels);
    const types = mounts.map(mount => parseMountType(mount.type));
    const count = temporary ? mounts.length : countNeeded(types);
    if (count === 0 && types.every(type => type.transforms.size === 0)) {
      throw new EngineError('unimplemented', 'the mounts need no activation: not implemented');
    }
    using _lock = await this.#names.acquire(`${ctx.namespace}/${name}`, ctx.signal);
    const begun = this.#begin(ctx, name, withoutEmpty(labels));
    try {
      const made = await this.#mountAll(ctx, begun.id, mounts, types, count);
      const last = made.active.at(-1);
      const system = temporary && last ? [bindOf(last.mountPoint)] : made.system;
      return this.#complete(ctx, {...begun, active: made.active, system, isComplete: true});
    } catch (error) {
      this.#metadata.write(() => this.#forget(ctx.namespace, name));
      await this.#remove(begun.id);
      throw error;
    }
  }

  async deactivate(ctx: CallContext, name: string): Promise<void> {
    using _lock = await this.#names.acquire(`${ctx.namespace}/${name}`, ctx.signal);
    const {id} = this.#find(ctx.namespace, name);
    await this.#places.remove(id);
    this.#metadata.write(() => this.#forget(ctx.namespace, name));
    this.#collector.removed();
  }

  async info(ctx: CallContext, name: string): Promise<ActivationRecord> {
    return this.#find(ctx.namespace, name);
  }

  /** `paths` name `labels` or `labels.KEY`; none means all labels. */
  async update(ctx: CallContext, name: string, labels: Labels, paths: readonly string[]): Promise<ActivationRecord> {
    const wrong = paths.find(path => parseMaskPath(path).field !== 'labels');
    if (wrong !== undefined) {
      throw new EngineError('invalid-argument', `cannot update ${quote(wrong)} field on mount: invalid argument`);
    }
    const record = this.#metadata.write(() => {
      const found = this.#find(ctx.namespace, name);
      const changed = {...found, labels: updateMapByMask(found.labels, labels, paths)};
      checkLabels(changed.labels);
      this.#metadata.mounts.put(ctx.namespace, changed);
      return changed;
    });
    this.#collector.removed(); // a label may have kept something
    return record;
  }

  async list(ctx: CallContext, filters: readonly string[]): Promise<ActivationRecord[]> {
    const filter = parseFilters(filters);
    const complete = this.#metadata.mounts.list(ctx.namespace).filter(record => record.isComplete);
    return complete.filter(record =>
      filter(([first, ...rest]) => {
        if (first === 'name') return record.name;
        return first === 'labels' ? mapField(record.labels, rest) : undefined;
      }),
    );
  }

  /** At start: records of what is no longer mounted go (a killed process, a reboot), then `cleanUp`. */
  async recover(): Promise<void> {
    const all = [...this.#metadata.mounts.listAll()];
    const isLost = ({isComplete, active}: ActivationRecord) =>
      !isComplete || active.some(({mountPoint}) => !this.#places.isMounted(mountPoint));
    const lost = all.filter(({record}) => isLost(record));
    if (lost.length > 0) this.#log.info({count: lost.length}, 'forgetting mounts that are gone or were never finished');
    this.#metadata.write(() => {
      for (const {namespace, record} of lost) this.#forget(namespace, record.name);
    });
    await this.cleanUp();
  }

  /** Takes apart what no record knows. */
  async cleanUp(): Promise<void> {
    const present = await this.#places.list();
    // Read after the directories: a record is written before its directory is made.
    const known = new Set([...this.#metadata.mounts.listAll()].map(({record}) => record.id));
    for (const id of present) if (!known.has(id)) await this.#remove(id);
  }

  #begin(ctx: CallContext, name: string, labels: Labels): ActivationRecord {
    const record = this.#metadata.write(() => {
      if (this.#metadata.mounts.get(ctx.namespace, name)) {
        throw new EngineError('already-exists', `mount ${quote(name)}: already exists`);
      }
      const id = this.#metadata.nextSequence();
      const begun: ActivationRecord = {name, id, labels, active: [], system: [], isComplete: false};
      this.#metadata.mounts.put(ctx.namespace, begun);
      attachToLease(this.#metadata, ctx, {type: 'mounts', id: name});
      return begun;
    });
    return record;
  }

  #complete(ctx: CallContext, record: ActivationRecord): ActivationRecord {
    this.#metadata.write(() => {
      const found = this.#metadata.mounts.get(ctx.namespace, record.name);
      if (found?.id !== record.id) throw notFound(record.name);
      this.#metadata.mounts.put(ctx.namespace, record);
    });
    this.#collector.mutated();
    return record;
  }

  async #mountAll(
    ctx: CallContext,
    id: number,
    mounts: readonly Mount[],
    types: readonly MountType[],
    count: number,
  ): Promise<{active: ActiveMount[]; system: Mount[]}> {
    const active: ActiveMount[] = [];
    const system: Mount[] = [];
    let place = 0;
    for (const [index, given] of mounts.entries()) {
      ctx.signal.throwIfAborted();
      const mount = await this.#transform(ctx, given, types[index] as MountType, active);
      if (index >= count) {
        system.push(mount);
        continue;
      }
      if (mount.target === '') place = index;
      await this.#places.mount(id, place, mount);
      active.push({mount, mountedAt: now(), mountPoint: this.#places.path(id, place)});
    }
    return {active, system};
  }

  /** Formatted first wherever that stands: files and directories may be named by templates. */
  async #transform(
    ctx: CallContext,
    given: Mount,
    {transforms, type}: MountType,
    active: readonly ActiveMount[],
  ): Promise<Mount> {
    let mount = transforms.has('format') ? fillTemplates({...given, type}, active) : {...given, type};
    if (transforms.has('mkdir')) {
      const taken = takeDirectories(mount);
      for (const {path, mode, owner} of taken.directories) await this.#places.makeDirectory(path, mode, owner);
      mount = taken.mount;
    }
    if (transforms.has('mkfs')) {
      const taken = takeFileSystem(mount);
      await this.#places.makeFileSystem(taken.fileSystem, ctx.signal);
      mount = taken.mount;
    }
    return mount;
  }

  #find(namespace: string, name: string): ActivationRecord {
    const record = this.#metadata.mounts.get(namespace, name);
    if (!record?.isComplete) throw notFound(name);
    return record;
  }

  #forget(namespace: string, name: string): void {
    this.#metadata.mounts.delete(namespace, name);
    this.#metadata.leaseResources.deleteEverywhere(namespace, {type: 'mounts', id: name});
  }

  /** The records are right already: what cannot be unmounted now is garbage for the next clean-up. */
  async #remove(id: number): Promise<void> {
    try {
      await this.#places.remove(id);
    } catch (error) {
      this.#log.warn({id, error}, 'cannot unmount what an activation left');
    }
  }
}

/**
 * Mounts before one that is transformed have to be there when it is; that one itself may be left to the client. Devices
 * are always made here.
 */
function countNeeded(types: readonly MountType[]): number {
  const lastTransformed = types.findLastIndex(({transforms}) => transforms.size > 0);
  const lastDevice = types.findLastIndex(({type}) => type === loopType);
  return Math.max(0, lastTransformed, lastDevice + 1);
}

function bindOf(source: string): Mount {
  return {type: 'bind', source, target: '', options: ['rbind', 'rw']};
}

function notFound(name: string): EngineError {
  return new EngineError('not-found', `mount ${quote(name)}: not found`);
}
