/** What containerd knows of the unpacked layers. */
import type {CallContext} from '@longshore/base';
import type {ContainerdClient} from '@longshore/containerd-client';
import {isErrorCode} from '@longshore/errdefs';

/** True for the empty chain: there is nothing to unpack. */
export async function hasSnapshot(
  ctx: CallContext,
  client: ContainerdClient,
  snapshotter: string,
  key: string,
): Promise<boolean> {
  if (key === '') return true;
  return (await unlessMissing(client.snapshots.stat(ctx, {snapshotter, key}))) !== undefined;
}

/** Bytes of each committed snapshot on its own; undefined for one that is not there. */
export async function unpackedSizes(
  ctx: CallContext,
  client: ContainerdClient,
  snapshotter: string,
  chains: readonly string[],
): Promise<Map<string, number | undefined>> {
  const sizes = await Promise.all(
    chains.map(async key => {
      const usage = await unlessMissing(client.snapshots.usage(ctx, {snapshotter, key}));
      return [key, usage && Number(usage.size)] as const;
    }),
  );
  return new Map(sizes);
}

async function unlessMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isErrorCode(error, 'not-found')) return undefined;
    throw error;
  }
}
