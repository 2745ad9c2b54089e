/** Mounts of a snapshot for as long as they are needed: a committed one is seen through a view of its own. */
import {Kind} from '@longshore/api/gen/containerd/services/snapshots/v1/snapshots';
import type {Mount} from '@longshore/api/gen/containerd/types/mount';
import {type CallContext, randomHex} from '@longshore/base';
import type {ContainerdClient} from '@longshore/containerd-client';
import {cleanupContext} from './task/attached.ts';

export interface DiffOptions {
  mediaType?: string;
  ref?: string;
  labels?: Record<string, string>;
}

/** Makes a layer of what `key` has changed on its parent, or on `other`. Returns the descriptor. */
export async function diffSnapshots(
  ctx: CallContext,
  client: ContainerdClient,
  {snapshotter, key, other}: {snapshotter: string; key: string; other?: string},
  options: DiffOptions = {},
) {
  const {info} = await client.snapshots.stat(ctx, {snapshotter, key});
  const compare = async (left: Mount[], right: Mount[]) =>
    (await client.diff.diff(ctx, {left, right, mediaType: '', ref: '', labels: {}, ...options})).diff;
  const against = <T>(other: string, use: (mounts: Mount[]) => Promise<T>) =>
    withMounts(ctx, client, snapshotter, other, use);
  const diff =
    other === undefined
      ? await withView(ctx, client, snapshotter, info?.parent ?? '', left =>
          against(key, right => compare(left, right)),
        )
      : await against(key, left => against(other, right => compare(left, right)));
  if (!diff) throw new Error('containerd answered without a descriptor');
  return diff;
}

async function withMounts<T>(
  ctx: CallContext,
  client: ContainerdClient,
  snapshotter: string,
  key: string,
  use: (mounts: Mount[]) => Promise<T>,
): Promise<T> {
  const {info} = await client.snapshots.stat(ctx, {snapshotter, key});
  if (info?.kind === Kind.COMMITTED) return withView(ctx, client, snapshotter, key, use);
  return use((await client.snapshots.mounts(ctx, {snapshotter, key})).mounts);
}

/** An empty `parent` is an empty directory. */
async function withView<T>(
  ctx: CallContext,
  client: ContainerdClient,
  snapshotter: string,
  parent: string,
  use: (mounts: Mount[]) => Promise<T>,
): Promise<T> {
  const key = `${parent}-view-${randomHex(6)}`;
  const {mounts} = await client.snapshots.view(ctx, {snapshotter, key, parent});
  try {
    return await use(mounts);
  } finally {
    await client.snapshots.remove(cleanupContext(ctx), {snapshotter, key});
  }
}
