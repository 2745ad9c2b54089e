/** Images out of containers: the difference between a container's snapshot and its parent becomes a layer. */
import type {Descriptor, Manifest} from '@longshore/api/oci';
import {type CallContext, callContext, randomHex} from '@longshore/base';
import {type ContainerdClient, childLabels, readImage, unpackImage, writeBlob} from '@longshore/containerd-client';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {mediaTypes} from '@longshore/oci';
import type {CommitSource, ContainerCommitter} from '../../core/ports/container-committer.ts';

const uncompressedLabel = 'containerd.io/uncompressed';

export function openCommitter(client: ContainerdClient, snapshotter: string): ContainerCommitter {
  return {
    async commit(ctx, source) {
      const base = await readImage(ctx, client, source.base);
      const layer = await diffLayer(ctx, client, snapshotter, source.containerId);
      const target = await storeImage(ctx, client, source, base, layer);
      await unpackImage(ctx, client, {target, snapshotter, syncFs: true});
      return target;
    },
  };
}

interface Layer {
  descriptor: Descriptor;
  diffId: string;
}

async function storeImage(
  ctx: CallContext,
  client: ContainerdClient,
  source: CommitSource,
  base: Awaited<ReturnType<typeof readImage>>,
  {descriptor, diffId}: Layer,
): Promise<Descriptor> {
  const isDocker = base.manifest.mediaType === mediaTypes.dockerManifest;
  const config = Buffer.from(JSON.stringify(source.config(base.config, diffId)));
  const configBlob = await writeBlob(ctx, client, config);
  const mediaType = isDocker ? mediaTypes.dockerManifest : mediaTypes.ociManifest;
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType,
    config: {mediaType: isDocker ? mediaTypes.dockerConfig : mediaTypes.ociConfig, ...configBlob},
    layers: [
      ...base.manifestJson.layers,
      {...descriptor, mediaType: isDocker ? mediaTypes.dockerLayerGzip : mediaTypes.ociLayerGzip},
    ],
  };
  const labels = childLabels([manifest.config, ...manifest.layers]);
  return {mediaType, ...(await writeBlob(ctx, client, Buffer.from(JSON.stringify(manifest)), labels))};
}

/** What the container changed, as a compressed tar in the content store. */
async function diffLayer(
  ctx: CallContext,
  client: ContainerdClient,
  snapshotter: string,
  containerId: string,
): Promise<Layer> {
  const {snapshots} = client;
  const {info} = await snapshots.stat(ctx, {snapshotter, key: containerId});
  const {mounts: right} = await snapshots.mounts(ctx, {snapshotter, key: containerId});
  const key = `commit-${containerId}-${randomHex(8)}`;
  const {mounts: left} = await snapshots.view(ctx, {snapshotter, key, parent: info?.parent ?? ''});
  try {
    const {diff} = await client.diff.diff(ctx, {left, right, mediaType: mediaTypes.ociLayerGzip, ref: key});
    if (!diff) throw new EngineError('internal', 'containerd made a layer without saying which');
    const {info: blob} = await client.content.info(ctx, {digest: diff.digest});
    const diffId = blob?.labels[uncompressedLabel];
    if (!diffId) throw new EngineError('internal', `layer ${diff.digest} has no digest of its uncompressed form`);
    return {descriptor: {mediaType: diff.mediaType, digest: diff.digest, size: Number(diff.size)}, diffId};
  } finally {
    await removeView(ctx, client, snapshotter, key);
  }
}

/** Also when the request was cancelled meanwhile. */
async function removeView(ctx: CallContext, client: ContainerdClient, snapshotter: string, key: string): Promise<void> {
  const own = callContext({namespace: ctx.namespace, log: ctx.log});
  try {
    await client.snapshots.remove(own, {snapshotter, key}, {timeoutMs: 10_000});
  } catch (error) {
    if (!isErrorCode(error, 'not-found')) ctx.log.warn({key, error}, 'cannot remove the view of a commit');
  }
}
