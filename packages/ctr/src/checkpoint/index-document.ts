/** The index that a checkpoint is: descriptors of what was saved, and names in annotations. */
import type {Descriptor, Index} from '@longshore/api/oci';
import type {CallContext} from '@longshore/base';
import {type ContainerdClient, readBlob, writeBlob} from '@longshore/containerd-client';
import {EngineError} from '@longshore/errdefs';
import {defaultPlatform, mediaTypes, parseIndex} from '@longshore/oci';

/** Media types of what a checkpoint holds besides layers and images. */
export const checkpointTypes = {
  /** An Any with the specification. */
  config: 'application/vnd.containerd.container.checkpoint.config.v1+proto',
  /** An Any with the options of the checkpoint. */
  options: 'application/vnd.containerd.container.checkpoint.options.v1+proto',
  /** An Any with the options of the container's runtime. */
  runtimeOptions: 'application/vnd.containerd.container.checkpoint.runtime.options+proto',
  /** CRIU's image of the processes. */
  processes: 'application/vnd.containerd.container.criu.checkpoint.criu.tar',
} as const;

export const checkpointAnnotations = {
  image: 'org.opencontainers.image.ref.name',
  runtime: 'io.containerd.checkpoint.runtime',
  snapshotter: 'io.containerd.checkpoint.snapshotter',
} as const;

/** Stores bytes as a part of a checkpoint. */
export async function storePart(
  ctx: CallContext,
  client: ContainerdClient,
  mediaType: string,
  bytes: Uint8Array,
): Promise<Descriptor> {
  const {digest, size} = await writeBlob(ctx, client, bytes);
  return withPlatform({mediaType, digest, size});
}

/** Parts belong to the machine that they were saved on. */
export function withPlatform(descriptor: Descriptor): Descriptor {
  const {architecture, os} = defaultPlatform();
  return {...descriptor, platform: {architecture, os}};
}

/** Stores the index; labels keep what it lists from being collected. */
export async function storeIndex(
  ctx: CallContext,
  client: ContainerdClient,
  manifests: Descriptor[],
  annotations: Record<string, string>,
): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify({schemaVersion: 2, manifests, annotations}));
  const labels = Object.fromEntries(
    manifests.map(({digest}, index) => [`containerd.io/gc.ref.content.${index}`, digest]),
  );
  const {digest, size} = await writeBlob(ctx, client, bytes, labels);
  return {mediaType: mediaTypes.ociIndex, digest, size};
}

export async function loadIndex(ctx: CallContext, client: ContainerdClient, target: Descriptor): Promise<Index> {
  if (target.mediaType !== mediaTypes.ociIndex)
    throw new EngineError('invalid-argument', `${target.digest} is no checkpoint: it is a ${target.mediaType}`);
  return parseIndex(await readBlob(ctx, client, target.digest));
}

/** The part of that type. Throws `not-found`. */
export function partOf(index: Index, mediaType: string): Descriptor {
  const part = index.manifests.find(manifest => manifest.mediaType === mediaType);
  if (!part) throw new EngineError('not-found', `media type not found: the checkpoint has no ${mediaType}`);
  return part;
}
