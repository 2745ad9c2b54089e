/** An image from a registry: content, snapshots, record. */
import type {Descriptor, Manifest, Platform} from '@longshore/api/oci';
import {type CallContext, type Deferred, deferred} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {
  defaultPlatform,
  formatPlatform,
  formatReference,
  isIndex,
  normalizePlatform,
  parseManifestOrIndex,
  type Reference,
  type Registry,
  selectManifests,
} from '@longshore/oci';
import type {ContainerdClient} from '../client.ts';
import {withLease} from '../leases.ts';
import {type FetchOptions, fetchBlob, report, storeBytes} from './fetch-blob.ts';
import {allOrNone, forEachLimited} from './for-each-limited.ts';
import {childLabels} from './gc-labels.ts';
import type {ProgressListener} from './progress.ts';
import {readImage} from './read.ts';
import {type ImageRecord, putImage} from './record.ts';
import {unpackImage} from './unpack.ts';

export interface PullOptions {
  /** With a tag or a digest; `pullReference` makes one of what a person wrote. */
  reference: Reference;
  registry: Registry;
  /** This machine's by default. */
  platform?: Platform;
  /** Fetch everything that an index lists; only `platform` is unpacked. */
  allPlatforms?: boolean;
  snapshotter?: string;
  /** True by default. */
  unpack?: boolean;
  /** False makes no record of the image; the caller does, under a lease of its own. */
  records?: boolean;
  /** Labels of the image's record. */
  labels?: Record<string, string>;
  /** Layers downloaded at the same time; 3 by default. */
  concurrency?: number;
  onProgress?: ProgressListener;
}

export interface PulledImage {
  /** What the reference points at: an index or a manifest. */
  target: Descriptor;
  /** Undefined without records. */
  image: ImageRecord | undefined;
  /** The manifest of the platform; the target itself unless that is an index. */
  manifest: Descriptor;
  /** Topmost snapshot; empty without unpacking. */
  chainId: string;
}

const defaultConcurrency = 3;
/** An index may hold indexes, but not for ever. */
const maxDepth = 4;

/**
 * Layers are unpacked while others still download. The record is made at the end, so a name never points at half an
 * image; what a failed pull has fetched is kept for a while, and used by the next one. Throws the registry's refusals
 * as `RegistryError`.
 */
export async function pullImage(
  ctx: CallContext,
  client: ContainerdClient,
  options: PullOptions,
): Promise<PulledImage> {
  const name = formatReference(options.reference);
  return await withLease(ctx, client, async leased => {
    const fetcher = {...options, client};
    const root = await options.registry.resolve(leased, options.reference);
    options.onProgress?.({type: 'resolved', reference: name, descriptor: root.descriptor});
    const manifests = await fetchManifests(leased, fetcher, options, root);
    const chainId = await fetchLayers(leased, client, fetcher, options, root.descriptor, manifests);
    const {manifest} = await readImage(leased, client, root.descriptor, options.platform);
    const image = options.records === false ? undefined : await record(leased, client, root.descriptor, options);
    return {target: root.descriptor, image, manifest, chainId};
  });
}

async function record(
  ctx: CallContext,
  client: ContainerdClient,
  target: Descriptor,
  {reference, labels, onProgress}: PullOptions,
): Promise<ImageRecord> {
  const name = formatReference(reference);
  const image = await putImage(ctx, client, {name, target, ...(labels ? {labels} : {})});
  onProgress?.({type: 'image', name, target});
  return image;
}

type Fetched = {descriptor: Descriptor; bytes: Uint8Array};

/** Stores a manifest, or an index with those of its manifests that are wanted. */
async function fetchManifests(
  ctx: CallContext,
  fetcher: FetchOptions,
  options: PullOptions,
  {descriptor, bytes}: Fetched,
  depth = 0,
): Promise<Manifest[]> {
  const parsed = parseManifestOrIndex(bytes, descriptor.mediaType);
  const children = isIndex(parsed) ? parsed.manifests : [parsed.config, ...parsed.layers];
  await storeBytes(ctx, fetcher, descriptor, bytes, childLabels(children));
  if (!isIndex(parsed)) return [parsed];
  if (depth >= maxDepth) throw new EngineError('invalid-argument', `index ${descriptor.digest} is nested too deeply`);
  const manifests: Manifest[] = [];
  for (const child of wantedManifests(parsed.manifests, options)) {
    const childBytes = await options.registry.manifest(ctx, options.reference, child);
    if (childBytes.length !== child.size) {
      throw new EngineError('data-loss', `manifest ${child.digest} has ${childBytes.length} bytes, not ${child.size}`);
    }
    const fetched = {descriptor: child, bytes: childBytes};
    manifests.push(...(await fetchManifests(ctx, fetcher, options, fetched, depth + 1)));
  }
  return manifests;
}

function wantedManifests(manifests: Descriptor[], options: PullOptions): Descriptor[] {
  if (options.allPlatforms) return manifests;
  const platform = options.platform ? normalizePlatform(options.platform) : defaultPlatform();
  const index = {schemaVersion: 2 as const, manifests};
  const [best, ...others] = selectManifests(index, platform);
  if (best?.platform) return [best];
  // Without a platform in the index, only the configurations can tell; nested indexes say it themselves.
  const unknown = [best, ...others].filter(entry => entry !== undefined);
  if (unknown.length > 0) return unknown;
  const text = `no matching manifest for ${formatPlatform(platform)} in the manifest list entries`;
  throw new EngineError('not-found', text);
}

/** Configurations first, since they tell what the layers become; then the layers, unpacked as they arrive. */
async function fetchLayers(
  ctx: CallContext,
  client: ContainerdClient,
  fetcher: FetchOptions,
  options: PullOptions,
  target: Descriptor,
  manifests: readonly Manifest[],
): Promise<string> {
  const concurrency = options.concurrency ?? defaultConcurrency;
  const configs = unique(manifests.map(manifest => manifest.config));
  const layers = unique(manifests.flatMap(manifest => manifest.layers));
  for (const layer of layers) report(fetcher, 'waiting', layer, 0);
  await forEachLimited(ctx, configs, concurrency, (inner, config) => fetchBlob(inner, fetcher, config));
  const arrived = new Map<string, Deferred<void>>(layers.map(layer => [layer.digest, deferred()]));
  let chainId = '';
  await allOrNone(ctx, inner => {
    const download = forEachLimited(inner, layers, concurrency, async (own, layer) => {
      await fetchBlob(own, fetcher, layer);
      arrived.get(layer.digest)?.resolve();
    });
    const failed = download.then(() => new Promise<never>(() => {})); // only ever rejects
    failed.catch(() => {});
    if (options.unpack === false) return [download];
    const ready = async (layer: Descriptor) => {
      await Promise.race([arrived.get(layer.digest)?.promise, failed]);
    };
    const unpack = unpackImage(inner, client, {...unpackOptions(options), target, ready}).then(result => {
      ({chainId} = result);
    });
    return [download, unpack];
  });
  return chainId;
}

function unpackOptions({platform, snapshotter, onProgress}: PullOptions) {
  return {
    ...(platform ? {platform} : {}),
    ...(snapshotter ? {snapshotter} : {}),
    ...(onProgress ? {onProgress} : {}),
  };
}

function unique(descriptors: readonly Descriptor[]): Descriptor[] {
  return [...new Map(descriptors.map(descriptor => [descriptor.digest, descriptor])).values()];
}
