/** All volumes: made, used by containers, removed. */
import {type CallContext, KeyedMutex, randomHex} from '@longshore/base';
import {codeOf, EngineError, messageOf} from '@longshore/errdefs';
import type {EventBus} from '../events/event-bus.ts';
import type {VolumeHandle, VolumeRequest, VolumeService} from '../ports/volume-service.ts';
import type {VolumeDriver} from './driver.ts';
import {VolumeReferences} from './references.ts';
import {
  anonymousLabel,
  checkVolumeDriver,
  checkVolumeName,
  isAnonymous,
  readVolumeOptions,
  type Volume,
} from './volume.ts';

/** A request for a volume; null where the client gave nothing, which inspect shows. */
export interface VolumeCreation {
  /** Empty for an anonymous one. */
  name: string;
  driver: string;
  options: Record<string, string> | null;
  labels: Record<string, string> | null;
}

export class Volumes implements VolumeService {
  readonly #driver: VolumeDriver;
  readonly #events: EventBus;
  readonly #byName = new Map<string, Volume>();
  readonly #references = new VolumeReferences();
  /** Per volume: creation, mounting and removal exclude each other. */
  readonly #locks = new KeyedMutex();

  /** `stored` are those on disk. */
  constructor(driver: VolumeDriver, stored: readonly Volume[], events: EventBus) {
    this.#driver = driver;
    this.#events = events;
    for (const volume of stored) this.#byName.set(volume.name, volume);
  }

  /** By name. */
  get all(): Volume[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Throws `not-found` (`get nosuch: no such volume`). */
  get(name: string): Volume {
    const volume = this.#byName.get(name);
    if (volume) return volume;
    throw new EngineError('not-found', `get ${name}: no such volume`);
  }

  /** Containers, running or not, that refer to it. */
  users(name: string): string[] {
    return this.#references.holders(name);
  }

  /** A volume that exists already is returned as it is. Throws `invalid-argument`, `not-found` (of the driver). */
  async create(ctx: CallContext, creation: VolumeCreation): Promise<Volume> {
    const name = creation.name === '' ? randomHex(32) : creation.name;
    using _lock = await this.#locks.acquire(name, ctx.signal);
    return await this.#findOrCreate(name, creation);
  }

  /** Throws `conflict` while a container refers to it. `force` lets a missing volume pass. */
  async remove(ctx: CallContext, name: string, options: {force: boolean}): Promise<void> {
    using _lock = await this.#locks.acquire(name, ctx.signal);
    if (options.force && !this.#byName.has(name)) return;
    await this.#remove(this.get(name));
  }

  /** Removes those that `isWanted` names and nobody refers to. Returns what was removed, and the bytes it took. */
  async prune(ctx: CallContext, isWanted: (volume: Volume) => boolean): Promise<{names: string[]; bytes: number}> {
    const names: string[] = [];
    let bytes = 0;
    for (const volume of this.all) {
      ctx.signal.throwIfAborted();
      if (!isWanted(volume) || this.users(volume.name).length > 0) continue;
      using _lock = await this.#locks.acquire(volume.name, ctx.signal);
      try {
        const size = await this.#driver.usage(ctx, volume);
        await this.#remove(volume);
        names.push(volume.name);
        bytes += size;
      } catch (error) {
        // Taken into use in the meantime, or removed by somebody else.
        if (!['conflict', 'not-found'].includes(codeOf(error)))
          ctx.log.warn({volume: volume.name, error}, 'cannot prune');
      }
    }
    this.#events.publish('volume', 'prune', '', {reclaimed: String(bytes)});
    return {names, bytes};
  }

  /** Bytes that its data take; -1 when they cannot be counted. */
  async usage(ctx: CallContext, volume: Volume): Promise<number> {
    try {
      return await this.#driver.usage(ctx, volume);
    } catch (error) {
      ctx.log.warn({volume: volume.name, error}, 'cannot count the size of a volume');
      return -1;
    }
  }

  async acquire(ctx: CallContext, request: VolumeRequest, containerId: string): Promise<VolumeHandle> {
    const name = request.name === '' ? randomHex(32) : request.name;
    using _lock = await this.#locks.acquire(name, ctx.signal);
    const volume = await this.#findOrCreate(name, request);
    this.#references.hold(name, containerId);
    return {name, driver: volume.driver, mountpoint: volume.mountpoint, scope: 'local'};
  }

  async release(_ctx: CallContext, name: string, containerId: string): Promise<void> {
    this.#references.letGo(name, containerId);
  }

  async mount(ctx: CallContext, name: string, containerId: string): Promise<string> {
    using _lock = await this.#locks.acquire(name, ctx.signal);
    const volume = this.get(name);
    await this.#mountOnce(volume);
    this.#references.addMount(name, containerId);
    return volume.mountpoint;
  }

  async unmount(_ctx: CallContext, name: string, containerId: string): Promise<void> {
    using _lock = await this.#locks.acquire(name);
    const volume = this.#byName.get(name);
    if (this.#references.removeMount(name, containerId) && volume) await this.#driver.unmount(volume);
  }

  async copyUp(ctx: CallContext, name: string, sourceDirectory: string): Promise<void> {
    using _lock = await this.#locks.acquire(name, ctx.signal);
    const volume = this.get(name);
    const wasMounted = this.#references.isMounted(name);
    await this.#mountOnce(volume);
    try {
      await this.#driver.copyUp(ctx, volume, sourceDirectory);
    } finally {
      if (!wasMounted) await this.#driver.unmount(volume);
    }
  }

  async removeAnonymous(ctx: CallContext, name: string): Promise<void> {
    using _lock = await this.#locks.acquire(name, ctx.signal);
    const volume = this.#byName.get(name);
    if (volume && isAnonymous(volume) && this.users(name).length === 0) await this.#remove(volume);
  }

  async restore(references: readonly {name: string; containerId: string; mounted: boolean}[]): Promise<void> {
    for (const {name, containerId, mounted} of references) {
      this.#references.hold(name, containerId);
      if (mounted) this.#references.addMount(name, containerId);
    }
    for (const volume of this.all) {
      if (!this.#references.isMounted(volume.name) && this.#driver.isMounted(volume))
        await this.#driver.unmount(volume);
    }
  }

  async #findOrCreate(name: string, creation: VolumeCreation): Promise<Volume> {
    checkVolumeDriver(name, creation.driver);
    checkVolumeName(name);
    const existing = this.#byName.get(name);
    if (existing) return existing;
    const mount = readVolumeOptions(name, creation.options);
    const labels = creation.name === '' ? {...creation.labels, [anonymousLabel]: ''} : creation.labels;
    const hasOptions = Object.keys(creation.options ?? {}).length > 0;
    const volume = await this.#driver.create({name, labels, options: hasOptions ? creation.options : null, mount});
    this.#byName.set(name, volume);
    this.#events.publish('volume', 'create', name, {driver: volume.driver});
    return volume;
  }

  async #remove(volume: Volume): Promise<void> {
    const users = this.users(volume.name);
    if (users.length > 0) {
      throw new EngineError('conflict', `remove ${volume.name}: volume is in use - [${users.join(', ')}]`);
    }
    if (!this.#byName.has(volume.name)) throw new EngineError('not-found', `get ${volume.name}: no such volume`);
    await this.#driver.unmount(volume);
    await this.#driver.remove(volume);
    this.#byName.delete(volume.name);
    this.#events.publish('volume', 'destroy', volume.name, {driver: volume.driver});
  }

  async #mountOnce(volume: Volume): Promise<void> {
    if (this.#references.isMounted(volume.name)) return;
    try {
      await this.#driver.mount(volume);
    } catch (error) {
      throw new EngineError(
        codeOf(error),
        `failed to mount local volume: mount ${volume.mount?.device}:${volume.mountpoint}: ${messageOf(error)}`,
        {cause: error},
      );
    }
  }
}
