import {chmod, chown, mkdir, stat} from 'node:fs/promises';
import {join} from 'node:path';
import type {SnapshotFiles} from '../../core/snapshots/record.ts';
import type {Mount, SnapshotUsage} from '../../core/snapshots/snapshotter.ts';
import type {SnapshotDirectories} from '../snapshot-directories/snapshot-directories.ts';

/** Snapshots as overlay layers: `<id>/fs` holds what the snapshot adds, `<id>/work` is the overlay's own. */
export class OverlayFiles implements SnapshotFiles {
  readonly #directories: SnapshotDirectories;
  readonly #options: readonly string[];
  readonly #upperdirLabel: boolean;

  /** `options` go before the directories in every overlay mount. */
  constructor(directories: SnapshotDirectories, options: readonly string[], upperdirLabel = false) {
    this.#directories = directories;
    this.#options = options;
    this.#upperdirLabel = upperdirLabel;
  }

  async create(id: number, kind: 'active' | 'view', ancestors: readonly number[]): Promise<void> {
    const [parent] = ancestors;
    await this.#directories.create(id, async staging => {
      const layer = join(staging, 'fs');
      await mkdir(layer);
      await chmod(layer, 0o755);
      if (parent !== undefined) await copyRootAttributes(this.#layer(parent), layer);
      if (kind === 'active') await mkdir(join(staging, 'work'), {mode: 0o711});
    });
  }

  mounts(id: number, kind: 'active' | 'view', ancestors: readonly number[]): Mount[] {
    const [parent] = ancestors;
    if (parent === undefined) return [bind(this.#layer(id), kind === 'view' ? 'ro' : 'rw')];
    if (kind === 'view' && ancestors.length === 1) return [bind(this.#layer(parent), 'ro')];
    const options = [...this.#options];
    if (kind === 'active') {
      options.push(`workdir=${join(this.#directories.path(id), 'work')}`, `upperdir=${this.#layer(id)}`);
    }
    options.push(`lowerdir=${ancestors.map(ancestor => this.#layer(ancestor)).join(':')}`);
    return [{type: 'overlay', source: 'overlay', target: '', options}];
  }

  async usage(id: number, signal: AbortSignal): Promise<SnapshotUsage> {
    return await this.#directories.usage(id, 'fs', signal);
  }

  labels(id: number): {[name: string]: string} {
    return this.#upperdirLabel ? {'containerd.io/snapshot/overlay.upperdir': this.#layer(id)} : {};
  }

  async discard(ids: readonly number[]): Promise<void> {
    await this.#directories.discard(ids);
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

function bind(source: string, access: 'rw' | 'ro'): Mount {
  return {type: 'bind', source, target: '', options: [access, 'rbind']};
}
