/** Images as a tar archive in the OCI layout, with the manifest.json that `docker load` of any age reads. */
import type {Descriptor, Platform} from '@longshore/api/oci';
import type {CallContext} from '@longshore/base';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {
  type ArchiveBlob,
  type ArchiveImage,
  isForeignLayerType,
  isIndexType,
  normalizePlatform,
  platformRank,
  writeImageArchive,
} from '@longshore/oci';
import type {ImageServices} from '../client.ts';
import {contentSize} from '../content/ingest.ts';
import {readContent} from '../content/reader.ts';
import {childrenOf, type ImageParts, readImage} from './read.ts';

export interface ExportOptions {
  images: readonly {target: Descriptor; name?: string}[];
  /** Only this platform of each image; everything that is present by default. */
  platform?: Platform;
  /** Of each index only these platforms; the index itself goes as it is. */
  platforms?: readonly Platform[];
  /** Fails when content of a platform that an index lists is missing. */
  allPlatforms?: boolean;
  /** Leaves out layers that registries are not meant to hold. */
  skipForeignLayers?: boolean;
  /** Leaves out manifest.json. */
  skipDockerManifest?: boolean;
}

/** Streams the archive at the consumer's pace. Throws `not-found` before the first byte when an image is incomplete. */
export async function* exportArchive(
  ctx: CallContext,
  client: ImageServices,
  options: ExportOptions,
): AsyncGenerator<Uint8Array, void, void> {
  const images: ArchiveImage[] = [];
  const blobs = new Map<string, ArchiveBlob>();
  for (const image of options.images) {
    const prepared = await prepareImage(ctx, client, image, options);
    images.push(prepared);
    for await (const {digest, size} of exportedContent(ctx, client, prepared.target, options)) {
      blobs.set(digest, {digest, size, open: () => readContent(ctx, client, digest)});
    }
  }
  yield* writeImageArchive(images, blobs.values());
}

/** Narrowed to one manifest where a platform is asked for. An index without this machine's platform goes as it is. */
async function prepareImage(
  ctx: CallContext,
  client: ImageServices,
  {target, name}: {target: Descriptor; name?: string},
  options: ExportOptions,
): Promise<ArchiveImage> {
  const image = {target, name, docker: undefined};
  const parts = await partsOf(ctx, client, target, options.platform);
  if (!parts) return image;
  const {manifest, manifestJson} = parts;
  await checkLayers(ctx, client, manifestJson.layers);
  const docker = {config: manifestJson.config, layers: manifestJson.layers};
  const chosen = options.platform ? {...image, target: manifest} : image;
  return options.skipDockerManifest ? chosen : {...chosen, docker};
}

/** Undefined for an image that is here, but not for this machine. */
async function partsOf(
  ctx: CallContext,
  client: ImageServices,
  target: Descriptor,
  platform: Platform | undefined,
): Promise<ImageParts | undefined> {
  try {
    return await readImage(ctx, client, target, platform);
  } catch (error) {
    if (platform || !isErrorCode(error, 'not-found')) throw error;
    await client.content.info(ctx, {digest: target.digest});
    return undefined;
  }
}

async function checkLayers(ctx: CallContext, client: ImageServices, layers: readonly Descriptor[]): Promise<void> {
  for (const {digest, mediaType} of layers) {
    if (isForeignLayerType(mediaType) || (await contentSize(ctx, client, digest)) !== undefined) continue;
    throw new EngineError('not-found', `content digest ${digest}: not found`);
  }
}

/** What is here below `target`, as far as the options want it; each digest once. */
async function* exportedContent(
  ctx: CallContext,
  client: ImageServices,
  target: Descriptor,
  {platforms = [], allPlatforms, skipForeignLayers}: ExportOptions,
): AsyncGenerator<Descriptor, void, void> {
  const wanted = platforms.map(normalizePlatform);
  const isWanted = ({platform}: Descriptor) =>
    !platform || wanted.length === 0 || wanted.some(one => platformRank(platform, one) !== undefined);
  const seen = new Set<string>();
  const queue = [target];
  for (let next = queue.shift(); next; next = queue.shift()) {
    if (seen.has(next.digest) || (skipForeignLayers && isForeignLayerType(next.mediaType))) continue;
    if ((await contentSize(ctx, client, next.digest)) === undefined) {
      if (!allPlatforms || isForeignLayerType(next.mediaType)) continue;
      throw new EngineError('not-found', `content digest ${next.digest}: not found`);
    }
    seen.add(next.digest);
    yield next;
    const children = await childrenOf(ctx, client, next);
    queue.push(...(isIndexType(next.mediaType) ? children.filter(isWanted) : children));
  }
}
