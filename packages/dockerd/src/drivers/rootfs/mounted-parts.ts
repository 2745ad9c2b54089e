/** Images and paths inside of volumes, mounted for containers below `<data-root>/rootfs/parts/<container>/`. */
import {mkdir, readdir, rm, rmdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {Kind} from '@longshore/api/gen/containerd/services/snapshots/v1/snapshots';
import {type CallContext, randomHex} from '@longshore/base';
import type {ContainerdClient} from '@longshore/containerd-client';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {
  bindMount,
  closeFd,
  fstatAt,
  isErrno,
  makePrivate,
  O_CLOEXEC,
  O_PATH,
  openInRoot,
  readMountInfo,
  S_IFDIR,
  S_IFMT,
  unmountAll,
} from '@longshore/linux';
import type {MountedParts} from '../../core/ports/mounted-parts.ts';

import {makePassage, mountSnapshot, type SnapshotShift} from './snapshot-shift.ts';

const rootLabel = 'containerd.io/gc.root';
const ownerLabel = 'com.docker/engine.mounted-image';

export interface MountedPartsOptions {
  client: ContainerdClient;
  snapshotter: string;
  dataRoot: string;
  shift: SnapshotShift | undefined;
}

export async function openMountedParts(options: MountedPartsOptions): Promise<MountedParts> {
  const root = join(options.dataRoot, 'rootfs', 'parts');
  await makePassage(root, options.shift);
  return new Parts(options, root);
}

class Parts implements MountedParts {
  readonly #client: ContainerdClient;
  readonly #snapshotter: string;
  readonly #root: string;
  readonly #shift: SnapshotShift | undefined;

  constructor({client, snapshotter, shift}: MountedPartsOptions, root: string) {
    this.#shift = shift;
    this.#client = client;
    this.#snapshotter = snapshotter;
    this.#root = root;
  }

  async prepareImage(ctx: CallContext, containerId: string, chainId: string): Promise<string> {
    const key = `${containerId}-image-${randomHex(6)}`;
    const labels = {[rootLabel]: new Date().toISOString().replace(/\.\d+Z$/, 'Z'), [ownerLabel]: containerId};
    await this.#client.snapshots.view(ctx, {snapshotter: this.#snapshotter, key, parent: chainId, labels});
    return key;
  }

  imagePath(containerId: string, key: string): string {
    return join(this.#root, containerId, key);
  }

  async mountImage(ctx: CallContext, containerId: string, key: string, shifted: boolean): Promise<string> {
    const {mounts} = await this.#client.snapshots.mounts(ctx, {snapshotter: this.#snapshotter, key});
    const path = this.imagePath(containerId, key);
    await mkdir(path, {recursive: true, mode: 0o755});
    mountSnapshot(mounts, path, shifted ? this.#shift : undefined);
    return path;
  }

  async bindInside(containerId: string, base: string, subpath: string): Promise<string> {
    const shown = join(base, subpath);
    const fd = open(base, subpath, shown);
    try {
      const path = join(this.#root, containerId, `path-${randomHex(6)}`);
      await mkdir(join(this.#root, containerId), {recursive: true, mode: 0o755});
      if ((fstatAt(fd, '').mode & S_IFMT) === S_IFDIR) await mkdir(path, {mode: 0o755});
      else await writeFile(path, '');
      bindMount(`/proc/self/fd/${fd}`, path, {recursive: true});
      makePrivate(path);
      return path;
    } finally {
      closeFd(fd);
    }
  }

  async unmount(containerId: string): Promise<void> {
    const directory = join(this.#root, containerId);
    for (const name of await readdir(directory).catch(() => [])) {
      const path = join(directory, name);
      unmountAll(path);
      // Never recursive: what is mounted belongs to a volume.
      await rmdir(path).catch(error => (error.code === 'ENOTDIR' ? rm(path) : Promise.reject(error)));
    }
    await rmdir(directory).catch(ignoreMissing);
  }

  async removeImages(ctx: CallContext, keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      try {
        await this.#client.snapshots.remove(ctx, {snapshotter: this.#snapshotter, key});
      } catch (error) {
        if (!isErrorCode(error, 'not-found')) throw error;
      }
    }
  }

  async restore(ctx: CallContext, owned: ReadonlySet<string>, mounted: ReadonlySet<string>): Promise<void> {
    for (const {mountPoint} of readMountInfo()) {
      if (!mountPoint.startsWith(`${this.#root}/`)) continue;
      const [containerId = ''] = mountPoint.slice(this.#root.length + 1).split('/');
      if (!mounted.has(containerId)) unmountAll(mountPoint);
    }
    for (const containerId of await readdir(this.#root)) if (!mounted.has(containerId)) await this.unmount(containerId);
    await this.removeImages(ctx, await this.#strangers(ctx, owned));
  }

  async #strangers(ctx: CallContext, owned: ReadonlySet<string>): Promise<string[]> {
    const keys: string[] = [];
    for await (const {info} of this.#client.snapshots.list(ctx, {snapshotter: this.#snapshotter})) {
      for (const {name, kind, labels} of info) {
        const owner = labels[ownerLabel];
        if (kind === Kind.VIEW && owner !== undefined && !owned.has(owner)) keys.push(name);
      }
    }
    return keys;
  }
}

function open(base: string, subpath: string, shown: string): number {
  try {
    return openInRoot(base, subpath, O_PATH | O_CLOEXEC);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES')) throw error;
    const why = isErrno(error, 'ENOENT') ? 'no such file or directory' : 'not a directory';
    throw new EngineError('unknown', `cannot access path ${shown}: lstat ${shown}: ${why}`, {cause: error});
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
