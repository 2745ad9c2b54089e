/** The parts of an image, read from the content store and checked. */
import type {Descriptor, Image, Manifest, Platform} from '@longshore/api/oci';
import type {CallContext} from '@longshore/base';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {
  defaultPlatform,
  formatPlatform,
  isIndexType,
  isManifestType,
  normalizePlatform,
  parseImageConfig,
  parseIndex,
  parseManifest,
  platformRank,
  selectManifests,
} from '@longshore/oci';
import type {ImageServices} from '../client.ts';
import {contentSize} from '../content/ingest.ts';
import {readBlob} from '../content/reader.ts';

/** One platform of an image. */
export interface ImageParts {
  manifest: Descriptor;
  manifestJson: Manifest;
  configDescriptor: Descriptor;
  config: Image;
}

/**
 * Follows `target` through an index to the manifest for `platform` (this machine's by default). Throws `not-found` when
 * no entry fits or its content is missing.
 */
export async function readImage(
  ctx: CallContext,
  client: ImageServices,
  target: Descriptor,
  platform?: Platform,
): Promise<ImageParts> {
  const wanted = platform ? normalizePlatform(platform) : defaultPlatform();
  const candidates = await manifestCandidates(ctx, client, target, wanted);
  let missing: unknown;
  for (const manifest of candidates) {
    try {
      const parts = await readParts(ctx, client, manifest);
      if (manifest === target && !platform) return parts; // what was asked for by name runs, or says that it cannot
      if (platformRank(parts.config, wanted) !== undefined) return parts;
    } catch (error) {
      if (!isErrorCode(error, 'not-found')) throw error;
      missing = error;
    }
  }
  const text = `no content of ${target.digest} matches platform ${formatPlatform(wanted)}`;
  throw new EngineError('not-found', text, missing ? {cause: missing} : undefined);
}

async function manifestCandidates(
  ctx: CallContext,
  client: ImageServices,
  target: Descriptor,
  wanted: ReturnType<typeof defaultPlatform>,
  seen = new Set<string>(),
): Promise<Descriptor[]> {
  if (isManifestType(target.mediaType)) return [target];
  if (!isIndexType(target.mediaType)) {
    throw new EngineError('invalid-argument', `"${target.mediaType}" is neither a manifest nor an index`);
  }
  const found: Descriptor[] = [];
  for (const entry of selectManifests(parseIndex(await readBlob(ctx, client, target.digest)), wanted)) {
    // An index may hold indexes, each of them many times, in which it is again many times what comes next.
    if (seen.has(entry.digest)) continue;
    seen.add(entry.digest);
    if (isIndexType(entry.mediaType)) found.push(...(await manifestCandidates(ctx, client, entry, wanted, seen)));
    else found.push(entry);
  }
  return found;
}

async function readParts(ctx: CallContext, client: ImageServices, manifest: Descriptor): Promise<ImageParts> {
  const manifestJson = parseManifest(await readBlob(ctx, client, manifest.digest));
  const configDescriptor = manifestJson.config;
  const config = parseImageConfig(await readBlob(ctx, client, configDescriptor.digest));
  return {manifest, manifestJson, configDescriptor, config};
}

/** Every blob below `target` that is present, itself first; each digest once. */
export async function* walkContent(
  ctx: CallContext,
  client: ImageServices,
  target: Descriptor,
): AsyncGenerator<Descriptor, void, void> {
  const seen = new Set<string>();
  const queue = [target];
  for (let next = queue.shift(); next; next = queue.shift()) {
    if (seen.has(next.digest) || (await contentSize(ctx, client, next.digest)) === undefined) continue;
    seen.add(next.digest);
    yield next;
    queue.push(...(await childrenOf(ctx, client, next)));
  }
}

/** Descriptors that a blob refers to; none for what is neither a manifest nor an index. */
export async function childrenOf(ctx: CallContext, client: ImageServices, blob: Descriptor): Promise<Descriptor[]> {
  if (isIndexType(blob.mediaType)) return parseIndex(await readBlob(ctx, client, blob.digest)).manifests;
  if (!isManifestType(blob.mediaType)) return [];
  const {config, layers} = parseManifest(await readBlob(ctx, client, blob.digest));
  return [config, ...layers];
}

/** Bytes of all blobs of an image that are present. */
export async function imageUsage(ctx: CallContext, client: ImageServices, target: Descriptor): Promise<number> {
  let total = 0;
  for await (const {size} of walkContent(ctx, client, target)) total += size;
  return total;
}
