/** Images with other layers or media types: every changed blob gets a new digest, and so does what refers to it. */
import type {Descriptor, Index, Manifest, Platform} from '@longshore/api/oci';
import type {CallContext} from '@longshore/base';
import {
  type ContainerdClient,
  childLabels,
  contentSize,
  ingest,
  readBlob,
  readContent,
  writeBlob,
} from '@longshore/containerd-client';
import {EngineError} from '@longshore/errdefs';
import {
  decompressAny,
  isConfigType,
  isIndex,
  isIndexType,
  isLayerType,
  isManifestType,
  layerCompression,
  mediaTypes,
  normalizePlatform,
  parseManifestOrIndex,
  selectManifests,
  withCompression,
} from '@longshore/oci';

export interface Conversion {
  /** Layers become plain tars. */
  uncompress: boolean;
  /** Docker's media types become those of the OCI. */
  oci: boolean;
  /** Of an index, only these platforms; undefined for all of them, which must then be there. */
  platforms: Platform[] | undefined;
}

/** Converts what `target` refers to, under the context's lease. Returns the new target, or the same one. */
export async function convertImage(
  ctx: CallContext,
  client: ContainerdClient,
  target: Descriptor,
  conversion: Conversion,
): Promise<Descriptor> {
  if (isIndexType(target.mediaType) || isManifestType(target.mediaType))
    return await convertDocument(ctx, client, target, conversion);
  if (isLayerType(target.mediaType)) return await convertLayer(ctx, client, target, conversion);
  if (isConfigType(target.mediaType)) return {...target, mediaType: newType(target.mediaType, conversion)};
  return target;
}

async function convertDocument(
  ctx: CallContext,
  client: ContainerdClient,
  target: Descriptor,
  conversion: Conversion,
): Promise<Descriptor> {
  const document = parseManifestOrIndex(await readBlob(ctx, client, target.digest), target.mediaType);
  const mediaType = newType(target.mediaType, conversion);
  const converted = isIndex(document)
    ? await convertIndex(ctx, client, document, conversion)
    : await convertManifest(ctx, client, document, conversion);
  const bytes = Buffer.from(JSON.stringify({...converted, mediaType}));
  const children = isIndex(converted) ? converted.manifests : [converted.config, ...converted.layers];
  const {digest, size} = await writeBlob(ctx, client, bytes, childLabels(children));
  return {...target, mediaType, digest, size};
}

async function convertIndex(
  ctx: CallContext,
  client: ContainerdClient,
  index: Index,
  conversion: Conversion,
): Promise<Index> {
  const manifests: Descriptor[] = [];
  for (const manifest of wanted(index, conversion)) {
    if ((await contentSize(ctx, client, manifest.digest)) === undefined)
      throw new EngineError('not-found', `manifest ${manifest.digest} of the index is not present`);
    manifests.push(await convertImage(ctx, client, manifest, conversion));
  }
  if (manifests.length === 0) throw new EngineError('not-found', 'the index has no manifest for that platform');
  return {...index, manifests};
}

function wanted(index: Index, {platforms}: Conversion): Descriptor[] {
  if (!platforms) return index.manifests;
  const best = platforms.flatMap(platform => selectManifests(index, normalizePlatform(platform)).slice(0, 1));
  return index.manifests.filter(manifest => best.includes(manifest));
}

async function convertManifest(
  ctx: CallContext,
  client: ContainerdClient,
  manifest: Manifest,
  conversion: Conversion,
): Promise<Manifest> {
  const layers: Descriptor[] = [];
  for (const layer of manifest.layers) layers.push(await convertImage(ctx, client, layer, conversion));
  const config = await convertImage(ctx, client, manifest.config, conversion);
  return {...manifest, config, layers};
}

async function convertLayer(
  ctx: CallContext,
  client: ContainerdClient,
  layer: Descriptor,
  conversion: Conversion,
): Promise<Descriptor> {
  const mediaType = newType(layer.mediaType, conversion);
  if (!conversion.uncompress || layerCompression(layer.mediaType) === 'none') return {...layer, mediaType};
  const source = () => decompressAny(readContent(ctx, client, layer.digest));
  const {digest} = await ingest(ctx, client, `convert-uncompress-from-${layer.digest}`, offset =>
    skip(source(), offset),
  );
  const {info} = await client.content.info(ctx, {digest});
  // The configuration lists uncompressed layers: it names the same ones as before.
  await client.content.update(ctx, {
    info: {digest, labels: {'containerd.io/uncompressed': digest}},
    updateMask: ['labels.containerd.io/uncompressed'],
  });
  return {...layer, mediaType: withCompression(mediaType, 'none'), digest, size: Number(info?.size ?? 0)};
}

/** An ingest that was begun before has its first bytes already. */
async function* skip(source: AsyncIterable<Uint8Array>, offset: number): AsyncGenerator<Uint8Array, void, void> {
  let passed = 0;
  for await (const chunk of source) {
    const from = Math.max(0, Math.min(chunk.length, offset - passed));
    passed += chunk.length;
    if (from < chunk.length) yield chunk.subarray(from);
  }
}

const ociTypes: Record<string, string> = {
  [mediaTypes.dockerIndex]: mediaTypes.ociIndex,
  [mediaTypes.dockerManifest]: mediaTypes.ociManifest,
  [mediaTypes.dockerConfig]: mediaTypes.ociConfig,
  [mediaTypes.dockerLayer]: mediaTypes.ociLayer,
  [mediaTypes.dockerLayerGzip]: mediaTypes.ociLayerGzip,
  [mediaTypes.dockerLayerZstd]: mediaTypes.ociLayerZstd,
  [mediaTypes.dockerForeignLayer]: 'application/vnd.oci.image.layer.nondistributable.v1.tar',
  [mediaTypes.dockerForeignLayerGzip]: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
};

function newType(mediaType: string, {oci}: Conversion): string {
  return (oci ? ociTypes[mediaType] : undefined) ?? mediaType;
}
