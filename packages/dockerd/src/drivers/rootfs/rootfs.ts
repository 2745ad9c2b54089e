/** Root file systems of containers: snapshots of containerd, mounted by this daemon below the data root. */
import {mkdir, readdir, rmdir} from 'node:fs/promises';
import {join} from 'node:path';
import {Kind} from '@longshore/api/gen/containerd/services/snapshots/v1/snapshots';
import type {Mount} from '@longshore/api/gen/containerd/types/mount';
import {type CallContext, randomHex} from '@longshore/base';
import {type ContainerdClient, withLease} from '@longshore/containerd-client';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {isMountPoint, readMountInfo, unmountAll} from '@longshore/linux';
import type {RootfsService} from '../../core/ports/rootfs-service.ts';
import {type Change, listChanges} from './changes.ts';
import {InitLayers} from './init-layer.ts';
import {withMounted} from './mounted.ts';
import {makePassage, mountSnapshot, type SnapshotShift} from './snapshot-shift.ts';
import {compareTrees} from './tree-changes.ts';

export interface RootfsOptions {
  client: ContainerdClient;
  dataRoot: string;
  snapshotter: string;
  shift: SnapshotShift | undefined;
}

/** Kept from garbage collection by this label, until `remove`. */
const rootLabel = 'containerd.io/gc.root';
/** Understood by Longshore's containerd: bytes that the snapshot may hold. */
const sizeLimitLabel = 'containerd.io/snapshot/longshore.size-limit';
/** Tells our snapshots from those of images and of other clients. */
const ownerLabel = 'com.docker/engine.container';

export async function openRootfs(options: RootfsOptions): Promise<RootfsService> {
  const root = join(options.dataRoot, 'rootfs', options.snapshotter);
  await makePassage(root, options.shift);
  return new SnapshotRootfs(options, root);
}

class SnapshotRootfs implements RootfsService {
  readonly #client: ContainerdClient;
  readonly #snapshotter: string;
  readonly #root: string;
  readonly #scratch: string;
  readonly #initLayers: InitLayers;
  readonly #shift: SnapshotShift | undefined;

  constructor({client, snapshotter, dataRoot, shift}: RootfsOptions, root: string) {
    this.#shift = shift;
    this.#client = client;
    this.#snapshotter = snapshotter;
    this.#root = root;
    this.#scratch = join(dataRoot, 'tmp');
    this.#initLayers = new InitLayers({client, snapshotter, scratch: this.#scratch});
  }

  async prepare(ctx: CallContext, id: string, chainId: string, size?: number): Promise<void> {
    const labels: Record<string, string> = {
      [rootLabel]: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
      [ownerLabel]: id,
    };
    if (size !== undefined) labels[sizeLimitLabel] = String(size);
    try {
      await this.#initLayers.prepare(ctx, id, chainId, labels);
    } catch (error) {
      if (size === undefined || !isErrorCode(error, 'failed-precondition', 'unimplemented')) throw error;
      const why = `--storage-opt is supported only for overlay over xfs with 'pquota' mount option`;
      throw new EngineError('unknown', why, {cause: error});
    }
  }

  path(id: string): string {
    return join(this.#root, id);
  }

  async mount(ctx: CallContext, id: string, shifted: boolean): Promise<string> {
    const path = this.path(id);
    await mkdir(path, {recursive: true, mode: 0o755});
    if (isMountPoint(path)) return path;
    const {mounts} = await this.#client.snapshots.mounts(ctx, {snapshotter: this.#snapshotter, key: id});
    mountSnapshot(mounts, path, shifted ? this.#shift : undefined);
    return path;
  }

  async unmount(id: string): Promise<void> {
    const path = this.path(id);
    unmountAll(path);
    await rmdir(path).catch(error => {
      if (error.code !== 'ENOENT') throw error;
    });
  }

  async remove(ctx: CallContext, id: string): Promise<void> {
    await this.unmount(id);
    try {
      await this.#client.snapshots.remove(ctx, {snapshotter: this.#snapshotter, key: id});
    } catch (error) {
      if (!isErrorCode(error, 'not-found')) throw error;
    }
  }

  async sizes(ctx: CallContext, id: string): Promise<{own: number; total: number}> {
    const snapshotter = this.#snapshotter;
    let own = 0;
    let total = 0;
    for (let key = id; key !== ''; ) {
      const {size} = await this.#client.snapshots.usage(ctx, {snapshotter, key});
      if (key === id) own = Number(size);
      total += Number(size);
      key = (await this.#client.snapshots.stat(ctx, {snapshotter, key})).info?.parent ?? '';
    }
    return {own, total};
  }

  async changes(ctx: CallContext, id: string): Promise<{path: string; kind: 0 | 1 | 2}[]> {
    const {mounts} = await this.#client.snapshots.mounts(ctx, {snapshotter: this.#snapshotter, key: id});
    const overlay = mounts.find(mount => mount.type === 'overlay');
    const option = (name: string) => overlay?.options.find(o => o.startsWith(`${name}=`))?.slice(name.length + 1);
    const upper = option('upperdir');
    const lower = option('lowerdir');
    if (!upper || lower === undefined) return await this.#compareWithParent(ctx, id, mounts);
    return await listChanges(upper, lower.split(':'), ctx.signal);
  }

  async #compareWithParent(ctx: CallContext, id: string, own: readonly Mount[]): Promise<Change[]> {
    const snapshotter = this.#snapshotter;
    const parent = (await this.#client.snapshots.stat(ctx, {snapshotter, key: id})).info?.parent ?? '';
    // The lease keeps the view, and takes it along if this process is killed.
    return await withLease(ctx, this.#client, async leased => {
      const key = `changes-${id}-${randomHex(8)}`;
      const view = await this.#client.snapshots.view(leased, {snapshotter, key, parent});
      try {
        return await withMounted(this.#scratch, own, ownPath =>
          withMounted(this.#scratch, view.mounts, path => compareTrees(ownPath, path, ctx.signal)),
        );
      } finally {
        await this.#client.snapshots.remove(leased, {snapshotter, key});
      }
    });
  }

  async restore(ctx: CallContext, owned: ReadonlySet<string>, mounted: ReadonlySet<string>): Promise<void> {
    for (const {mountPoint} of readMountInfo()) {
      if (!mountPoint.startsWith(`${this.#root}/`)) continue;
      if (!mounted.has(mountPoint.slice(this.#root.length + 1))) unmountAll(mountPoint);
    }
    for (const name of await readdir(this.#root)) {
      // Never recursive: a directory that is not empty is not ours to empty.
      if (!mounted.has(name))
        await rmdir(this.path(name)).catch(error => ctx.log.warn({error}, 'mount point is in use'));
    }
    for (const id of await this.#ownSnapshots(ctx)) if (!owned.has(id)) await this.remove(ctx, id);
  }

  async #ownSnapshots(ctx: CallContext): Promise<string[]> {
    const ids: string[] = [];
    for await (const {info} of this.#client.snapshots.list(ctx, {snapshotter: this.#snapshotter})) {
      for (const {name, kind, labels} of info) if (kind === Kind.ACTIVE && labels[ownerLabel] === name) ids.push(name);
    }
    return ids;
  }
}
