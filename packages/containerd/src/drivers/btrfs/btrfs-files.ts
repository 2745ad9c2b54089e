import {chmod} from 'node:fs/promises';
import {join} from 'node:path';
import {subvolumeId} from '@longshore/linux';
import type {Labels} from '../../core/names.ts';
import {refuseMappedIds} from '../../core/snapshots/mapped-ids.ts';
import type {SnapshotFiles} from '../../core/snapshots/record.ts';
import {refuseSizeLimit} from '../../core/snapshots/size-limit.ts';
import type {Mount, SnapshotUsage} from '../../core/snapshots/snapshotter.ts';
import type {SnapshotDirectories} from '../snapshot-directories/snapshot-directories.ts';
import {type Subvolumes, subvolumeName} from './subvolumes.ts';

/**
 * Snapshots as subvolumes: `<id>/fs` begins as a snapshot of its parent's and shares all blocks with it. A client
 * mounts it from the device by its number, as the original's mounts say.
 */
export class BtrfsFiles implements SnapshotFiles {
  readonly #directories: SnapshotDirectories;
  readonly #subvolumes: Subvolumes;
  readonly #device: string;

  /** `device` is what the file system of the directories is mounted from. */
  constructor(directories: SnapshotDirectories, subvolumes: Subvolumes, device: string) {
    this.#directories = directories;
    this.#subvolumes = subvolumes;
    this.#device = device;
  }

  async create(id: number, _kind: 'active' | 'view', ancestors: readonly number[], labels: Labels): Promise<void> {
    refuseMappedIds(labels, 'a snapshot of btrfs has the owners of its parent');
    refuseSizeLimit(labels, 'btrfs counts per subvolume only where its quota groups are on');
    const [parent] = ancestors;
    await this.#directories.create(id, async staging => {
      const path = join(staging, subvolumeName);
      if (parent !== undefined) await this.#subvolumes.snapshot(this.#subvolume(parent), path);
      else {
        await this.#subvolumes.create(path);
        await chmod(path, 0o755);
      }
    });
  }

  mounts(id: number, kind: 'active' | 'view'): Mount[] {
    const options = [`subvolid=${subvolumeId(this.#subvolume(id))}`];
    if (kind === 'view') options.push('ro');
    return [{type: 'btrfs', source: this.#device, target: '', options}];
  }

  async usage(id: number, [parent]: readonly number[], signal: AbortSignal): Promise<SnapshotUsage> {
    return await this.#directories.usage(id, subvolumeName, signal, parent);
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
    await this.#subvolumes[Symbol.asyncDispose]();
  }

  #subvolume(id: number): string {
    return join(this.#directories.path(id), subvolumeName);
  }
}
