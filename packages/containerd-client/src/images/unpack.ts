/** From the layers of an image to its chain of committed snapshots. */
import type {Descriptor, Image, Platform} from '@longshore/api/oci';
import {type CallContext, randomHex} from '@longshore/base';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {chainIds} from '@longshore/oci';
import type {ImageServices} from '../client.ts';
import {setContentLabels} from '../content/ingest.ts';
import {withLease} from '../leases.ts';
import type {ProgressListener} from './progress.ts';
import {readImage} from './read.ts';
import {descriptorToWire} from './record.ts';

export const defaultSnapshotter = 'overlayfs';

export interface UnpackOptions {
  target: Descriptor;
  /** This machine's by default. */
  platform?: Platform;
  snapshotter?: string;
  /** Flush each layer to disk as it is unpacked. */
  syncFs?: boolean;
  /** Awaited before a layer's content is needed: it may still be on its way. */
  ready?: (layer: Descriptor) => Promise<void>;
  onProgress?: ProgressListener;
}

/** Unpacks what is not unpacked yet; safe to run side by side and to repeat after a crash. */
export async function unpackImage(
  ctx: CallContext,
  client: ImageServices,
  options: UnpackOptions,
): Promise<{chainId: string; config: Image}> {
  const {snapshotter = defaultSnapshotter} = options;
  const {manifestJson, config, configDescriptor} = await readImage(ctx, client, options.target, options.platform);
  const diffIds = config.rootfs.diff_ids;
  if (diffIds.length !== manifestJson.layers.length) {
    const text = `image has ${manifestJson.layers.length} layers but its configuration names ${diffIds.length}`;
    throw new EngineError('invalid-argument', text);
  }
  const chain = chainIds(diffIds);
  await withLease(ctx, client, async leased => {
    for (const [index, descriptor] of manifestJson.layers.entries()) {
      const layer = {
        descriptor,
        diffId: diffIds[index] ?? '',
        chainId: chain[index] ?? '',
        parent: chain[index - 1] ?? '',
      };
      const existed = await unpackLayer(leased, client, snapshotter, layer, options);
      options.onProgress?.({
        type: 'layer',
        action: existed ? 'exists' : 'extracted',
        descriptor,
        chainId: layer.chainId,
      });
    }
    const top = chain.at(-1);
    // The configuration holds the chain, so that the snapshots live as long as the image does.
    const label = `containerd.io/gc.ref.snapshot.${snapshotter}`;
    if (top) await setContentLabels(leased, client, configDescriptor.digest, {[label]: top});
  });
  return {chainId: chain.at(-1) ?? '', config};
}

/** True when every layer of the image for the platform is a committed snapshot. */
export async function isUnpacked(
  ctx: CallContext,
  client: ImageServices,
  {target, platform, snapshotter = defaultSnapshotter}: UnpackOptions,
): Promise<boolean> {
  const {config} = await readImage(ctx, client, target, platform);
  const top = chainIds(config.rootfs.diff_ids).at(-1);
  return top === undefined || (await hasSnapshot(ctx, client, snapshotter, top));
}

type Layer = {descriptor: Descriptor; diffId: string; chainId: string; parent: string};

/** Returns true when the snapshot was there already. */
async function unpackLayer(
  ctx: CallContext,
  client: ImageServices,
  snapshotter: string,
  layer: Layer,
  {ready, syncFs = false, onProgress}: UnpackOptions,
): Promise<boolean> {
  const {descriptor, diffId, chainId, parent} = layer;
  if (await hasSnapshot(ctx, client, snapshotter, chainId)) return true;
  await ready?.(descriptor);
  onProgress?.({type: 'layer', action: 'extracting', descriptor, chainId});
  const key = `extract-${process.hrtime.bigint() % 1_000_000_000n}-${randomHex(2)} ${chainId}`;
  const labels = {'containerd.io/snapshot.ref': chainId};
  try {
    const {mounts} = await client.snapshots.prepare(ctx, {snapshotter, key, parent, labels});
    const {applied} = await client.diff.apply(ctx, {diff: descriptorToWire(descriptor), mounts, syncFs});
    if (applied?.digest !== diffId) {
      const text = `layer ${descriptor.digest} unpacks to ${applied?.digest}, but the image says ${diffId}`;
      throw new EngineError('data-loss', text);
    }
    await client.snapshots.commit(ctx, {snapshotter, name: chainId, key, labels});
    await setContentLabels(ctx, client, descriptor.digest, {'containerd.io/uncompressed': diffId});
    return false;
  } catch (error) {
    await discard(ctx, client, snapshotter, key);
    // Somebody else was faster.
    if (isErrorCode(error, 'already-exists') && (await hasSnapshot(ctx, client, snapshotter, chainId))) return true;
    throw error;
  }
}

async function hasSnapshot(
  ctx: CallContext,
  client: ImageServices,
  snapshotter: string,
  key: string,
): Promise<boolean> {
  try {
    await client.snapshots.stat(ctx, {snapshotter, key});
    return true;
  } catch (error) {
    if (isErrorCode(error, 'not-found')) return false;
    throw error;
  }
}

/** Not cancelled with the caller: a half-extracted snapshot must not stay. */
async function discard(ctx: CallContext, client: ImageServices, snapshotter: string, key: string): Promise<void> {
  const own = {...ctx, signal: new AbortController().signal};
  try {
    await client.snapshots.remove(own, {snapshotter, key}, {timeoutMs: 10_000});
  } catch (error) {
    if (!isErrorCode(error, 'not-found')) ctx.log.warn({key, error}, 'cannot remove unfinished snapshot');
  }
}
