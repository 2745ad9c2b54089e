import {chmod, chown, mkdir, stat} from 'node:fs/promises';
import {join} from 'node:path';
import type {Labels} from '../../core/names.ts';
import {type MappedIds, mappedIds, refuseMappedIds} from '../../core/snapshots/mapped-ids.ts';
import type {SnapshotFiles} from '../../core/snapshots/record.ts';
import {sizeLimit} from '../../core/snapshots/size-limit.ts';
import type {Mount, SnapshotUsage} from '../../core/snapshots/snapshotter.ts';
import type {SnapshotDirectories} from '../snapshot-directories/snapshot-directories.ts';
import {canMapIds} from './features.ts';
import {ProjectLimits} from './project-limits.ts';

/** Snapshots as overlay layers: `<id>/fs` holds what the snapshot adds, `<id>/work` is the overlay's own. */
export class OverlayFiles implements SnapshotFiles {
  readonly hasLayers = true;
  readonly #directories: SnapshotDirectories;
  readonly #options: readonly string[];
  readonly #upperdirLabel: boolean;
  readonly #limits: ProjectLimits;
  readonly #mapsIds = canMapIds();

  /** `options` go before the directories in every overlay mount. */
  constructor(directories: SnapshotDirectories, options: readonly string[], upperdirLabel = false) {
    this.#directories = directories;
    this.#options = options;
    this.#limits = new ProjectLimits(directories.root);
    this.#upperdirLabel = upperdirLabel;
  }

  async create(id: number, kind: 'active' | 'view', ancestors: readonly number[], labels: Labels): Promise<void> {
    const [parent] = ancestors;
    const mapped = this.#mappedIds(labels);
    const limit = kind === 'active' ? sizeLimit(labels) : undefined;
    await this.#directories.create(id, async staging => {
      if (limit !== undefined) this.#limits.limit(id, staging, limit);
      const layer = join(staging, 'fs');
      await mkdir(layer);
      await chmod(layer, 0o755);
      if (parent !== undefined) await copyRootAttributes(this.#layer(parent), layer);
      // What is written into the upper directory has the owners of the host: its root is the container's.
      if (mapped && kind === 'active' && parent !== undefined) await chown(layer, mapped.root.uid, mapped.root.gid);
      if (kind === 'active') await mkdir(join(staging, 'work'), {mode: 0o711});
    });
  }

  mounts(id: number, kind: 'active' | 'view', ancestors: readonly number[], labels: Labels): Mount[] {
    const [parent] = ancestors;
    const mapped = this.#mappedIds(labels);
    const mapping = mapped ? [`uidmap=${mapped.uidmap}`, `gidmap=${mapped.gidmap}`] : [];
    if (parent === undefined) return [bind(this.#layer(id), kind === 'view' ? 'ro' : 'rw', mapping)];
    if (kind === 'view' && ancestors.length === 1) return [bind(this.#layer(parent), 'ro', mapping)];
    const options = [...mapping, ...this.#options];
    if (kind === 'active') {
      options.push(`workdir=${join(this.#directories.path(id), 'work')}`, `upperdir=${this.#layer(id)}`);
    }
    options.push(`lowerdir=${ancestors.map(ancestor => this.#layer(ancestor)).join(':')}`);
    return [{type: 'overlay', source: 'overlay', target: '', options}];
  }

  async usage(id: number, _ancestors: readonly number[], signal: AbortSignal): Promise<SnapshotUsage> {
    return await this.#directories.usage(id, 'fs', signal);
  }

  labels(id: number): {[name: string]: string} {
    return this.#upperdirLabel ? {'containerd.io/snapshot/overlay.upperdir': this.#layer(id)} : {};
  }

  async discard(ids: readonly number[]): Promise<void> {
    await this.#directories.discard(ids);
    for (const id of ids) this.#limits.forget(id);
  }

  async list(): Promise<number[]> {
    return await this.#directories.list();
  }

  async settle(): Promise<void> {
    await this.#directories.settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#directories[Symbol.asyncDispose]();
  }

  #mappedIds(labels: Labels): MappedIds | undefined {
    if (!this.#mapsIds) refuseMappedIds(labels, 'overlays of kernels before 5.19 cannot have them');
    return mappedIds(labels);
  }

  #layer(id: number): string {
    return join(this.#directories.path(id), 'fs');
  }
}

/** The root directory of an overlay looks like that of its topmost layer. */
async function copyRootAttributes(from: string, to: string): Promise<void> {
  const {uid, gid, mode} = await stat(from);
  if (uid !== 0 || gid !== 0) await chown(to, uid, gid);
  if ((mode & 0o7777) !== 0o755) await chmod(to, mode & 0o7777);
}

function bind(source: string, access: 'rw' | 'ro', more: readonly string[]): Mount {
  return {type: 'bind', source, target: '', options: [...more, access, 'rbind']};
}
