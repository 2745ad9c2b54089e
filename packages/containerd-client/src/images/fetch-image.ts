/** The content of an image from a registry, and its snapshots: everything of a pull but the record. */
import type {Descriptor, Manifest, Platform} from '@longshore/api/oci';
import {type CallContext, type Deferred, deferred, type Semaphore} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {
  formatPlatform,
  formatReference,
  isIndex,
  normalizePlatform,
  parseManifestOrIndex,
  type Reference,
  type Registry,
  selectManifests,
} from '@longshore/oci';
import type {ImageServices} from '../client.ts';
import {type FetchOptions, fetchBlob, report, storeBytes} from './fetch-blob.ts';
import {allOrNone, forEachLimited} from './for-each-limited.ts';
import {childLabels} from './gc-labels.ts';
import type {ProgressListener} from './progress.ts';
import {unpackImage} from './unpack.ts';

/** What a fetched image is unpacked for; this machine's platform and the usual snapshotter by default. */
export interface UnpackTarget {
  platform?: Platform;
  snapshotter?: string;
}

export interface FetchImageOptions {
  reference: Reference;
  registry: Registry;
  /** What the reference points at, when the caller has asked the registry. */
  root?: {descriptor: Descriptor; bytes: Uint8Array};
  /** Whose content an index gives; none means all. */
  platforms: readonly Platform[];
  /** Also manifests and configurations of the other platforms, without which an index cannot be pushed. */
  allMetadata?: boolean;
  /** No more manifests of an index than this; 0 means no limit. */
  manifestLimit?: number;
  unpacks: readonly UnpackTarget[];
  /** Flush each layer to disk as it is unpacked. */
  syncFs?: boolean;
  /** Layers downloaded at the same time; 3 by default. */
  concurrency?: number;
  /** What several transfers share: each download takes one place. */
  downloads?: Semaphore | undefined;
  onProgress?: ProgressListener;
  /** Told what each manifest and index refers to. */
  onChildren?: ((parent: Descriptor, children: readonly Descriptor[]) => void) | undefined;
}

const defaultConcurrency = 3;
/** Small documents: more of them at once than layers. */
const manifestConcurrency = 4;
/** An index may hold indexes, but not for ever, and not a request for every few bytes of it. */
const maxDepth = 4;
const maxManifests = 1_000;

type Fetched = {descriptor: Descriptor; bytes: Uint8Array};
/** `isWanted`: with its layers. */
type FetchedManifest = {manifest: Manifest; isWanted: boolean};

/**
 * Under a lease of the caller's. Layers are unpacked while others still download; what a failed call has fetched is
 * used by the next one. Throws the registry's refusals as `RegistryError`, `not-found` when no platform fits.
 */
export async function fetchImage(
  ctx: CallContext,
  client: ImageServices,
  options: FetchImageOptions,
): Promise<{target: Descriptor; chainIds: string[]}> {
  const fetch = new ImageFetch(client, options);
  const root = options.root ?? (await options.registry.resolve(ctx, options.reference));
  const name = formatReference(options.reference);
  options.onProgress?.({type: 'resolved', reference: name, descriptor: root.descriptor});
  const manifests = await fetch.manifests(ctx, root, true, 0);
  const chainIds = await fetch.layers(ctx, root.descriptor, manifests);
  return {target: root.descriptor, chainIds};
}

class ImageFetch {
  readonly #client: ImageServices;
  readonly #options: FetchImageOptions;
  readonly #fetcher: FetchOptions;
  readonly #concurrency: number;
  #manifests = 0;

  constructor(client: ImageServices, options: FetchImageOptions) {
    const {reference, registry, onProgress, downloads} = options;
    this.#client = client;
    this.#options = options;
    this.#fetcher = {client, reference, registry, onProgress, downloads};
    this.#concurrency = options.concurrency || defaultConcurrency;
  }

  /** Stores a manifest, or an index with those of its manifests that are wanted. */
  async manifests(
    ctx: CallContext,
    {descriptor, bytes}: Fetched,
    isWanted: boolean,
    depth: number,
  ): Promise<FetchedManifest[]> {
    const parsed = parseManifestOrIndex(bytes, descriptor.mediaType);
    const children = isIndex(parsed) ? parsed.manifests : [parsed.config, ...parsed.layers];
    await storeBytes(ctx, this.#fetcher, descriptor, bytes, childLabels(children));
    if (!isIndex(parsed)) {
      this.#options.onChildren?.(descriptor, isWanted ? children : [parsed.config]);
      return [{manifest: parsed, isWanted}];
    }
    if (depth >= maxDepth) throw new EngineError('invalid-argument', `index ${descriptor.digest} is nested too deeply`);
    const chosen = isWanted ? this.#choose(parsed.manifests) : parsed.manifests.map(entry => ({entry, isWanted}));
    this.#manifests += chosen.length;
    if (this.#manifests > maxManifests) {
      throw new EngineError(
        'invalid-argument',
        `index ${descriptor.digest} leads to more than ${maxManifests} manifests`,
      );
    }
    this.#options.onChildren?.(
      descriptor,
      chosen.map(({entry}) => entry),
    );
    const found: FetchedManifest[][] = [];
    const numbered = chosen.map((child, index) => ({...child, index}));
    await forEachLimited(ctx, numbered, manifestConcurrency, async (inner, child) => {
      const fetched = await this.#child(inner, child.entry);
      found[child.index] = await this.manifests(inner, fetched, child.isWanted, depth + 1);
    });
    return found.flat();
  }

  /** Configurations first, since they tell what the layers become; then the layers, unpacked as they arrive. */
  async layers(ctx: CallContext, target: Descriptor, manifests: readonly FetchedManifest[]): Promise<string[]> {
    const configs = unique(manifests.map(({manifest}) => manifest.config));
    const layers = unique(manifests.flatMap(({manifest, isWanted}) => (isWanted ? manifest.layers : [])));
    for (const blob of [...configs, ...layers]) report(this.#fetcher, 'waiting', blob, 0);
    await forEachLimited(ctx, configs, manifestConcurrency, (inner, config) => fetchBlob(inner, this.#fetcher, config));
    const arrived = new Map<string, Deferred<void>>(layers.map(layer => [layer.digest, deferred()]));
    const chainIds: string[] = [];
    await allOrNone(ctx, inner => {
      const download = forEachLimited(inner, layers, this.#concurrency, async (own, layer) => {
        await fetchBlob(own, this.#fetcher, layer);
        arrived.get(layer.digest)?.resolve();
      });
      const failed = download.then(() => new Promise<never>(() => {})); // only ever rejects
      failed.catch(() => {});
      const ready = async (layer: Descriptor) => {
        await Promise.race([arrived.get(layer.digest)?.promise, failed]);
      };
      const unpack = async () => {
        for (const {platform, snapshotter} of this.#options.unpacks) {
          const where = {...(platform ? {platform} : {}), ...(snapshotter ? {snapshotter} : {})};
          const {onProgress, syncFs = false} = this.#options;
          const listener = onProgress ? {onProgress} : {};
          chainIds.push(
            (await unpackImage(inner, this.#client, {...where, ...listener, target, ready, syncFs})).chainId,
          );
        }
      };
      return [download, unpack()];
    });
    return chainIds;
  }

  async #child(ctx: CallContext, descriptor: Descriptor): Promise<Fetched> {
    const bytes = await this.#options.registry.manifest(ctx, this.#options.reference, descriptor);
    if (bytes.length === descriptor.size) return {descriptor, bytes};
    const text = `manifest ${descriptor.digest} has ${bytes.length} bytes, not ${descriptor.size}`;
    throw new EngineError('data-loss', text);
  }

  #choose(manifests: Descriptor[]): {entry: Descriptor; isWanted: boolean}[] {
    const {platforms, manifestLimit = 0, allMetadata} = this.#options;
    const all = platforms.length === 0 ? manifests : wantedManifests(manifests, platforms);
    const wanted = manifestLimit > 0 ? all.slice(0, manifestLimit) : all;
    const others = allMetadata ? manifests.filter(entry => !wanted.includes(entry)) : [];
    return [...wanted.map(entry => ({entry, isWanted: true})), ...others.map(entry => ({entry, isWanted: false}))];
  }
}

/** The best entry for each platform. */
function wantedManifests(manifests: Descriptor[], platforms: readonly Platform[]): Descriptor[] {
  const index = {schemaVersion: 2 as const, manifests};
  const wanted = new Set<Descriptor>();
  for (const platform of platforms) {
    const [best, ...others] = selectManifests(index, normalizePlatform(platform));
    // Without a platform in the index, only the configurations can tell; nested indexes say it themselves.
    const fitting = best?.platform ? [best] : [best, ...others];
    for (const entry of fitting) if (entry) wanted.add(entry);
  }
  if (wanted.size > 0) return [...wanted];
  const names = platforms.map(platform => formatPlatform(normalizePlatform(platform))).join(', ');
  throw new EngineError('not-found', `no matching manifest for ${names} in the manifest list entries`);
}

function unique(descriptors: readonly Descriptor[]): Descriptor[] {
  return [...new Map(descriptors.map(descriptor => [descriptor.digest, descriptor])).values()];
}
