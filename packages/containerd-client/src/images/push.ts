/** An image to a registry: blobs, then manifests, the one with the name last. */
import type {Descriptor, Platform} from '@longshore/api/oci';
import type {CallContext, Semaphore} from '@longshore/base';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {
  isForeignLayerType,
  isIndexType,
  isManifestType,
  normalizePlatform,
  platformRank,
  type Reference,
  type Registry,
} from '@longshore/oci';
import type {ImageServices} from '../client.ts';
import {contentSize} from '../content/ingest.ts';
import {readBlob, readContent} from '../content/reader.ts';
import {withLease} from '../leases.ts';
import {addRepository, knownRepositories} from './distribution-source.ts';
import {forEachLimited} from './for-each-limited.ts';
import type {BlobAction, ProgressListener} from './progress.ts';
import {childrenOf, readImage} from './read.ts';

export interface PushOptions {
  target: Descriptor;
  /** Where to; with a tag, or a digest alone. */
  reference: Reference;
  registry: Registry;
  /** Only this platform of an index; everything by default. */
  platform?: Platform;
  /** Only these of an index, and the index, which then needs a registry that has the others or does not look. */
  platforms?: readonly Platform[];
  /** Also layers that registries are not meant to hold, where their content is here. */
  foreignLayers?: boolean;
  /** Blobs sent at the same time; 5 by default. */
  concurrency?: number;
  /** What several transfers share: each upload takes one place. */
  uploads?: Semaphore | undefined;
  onProgress?: ProgressListener;
  /** Told what each manifest and index refers to. */
  onChildren?: ((parent: Descriptor, children: readonly Descriptor[]) => void) | undefined;
}

const defaultConcurrency = 5;
const progressIntervalMs = 100;

/**
 * Returns what the name points at in the registry now. An index of which only one platform is here is not pushed: that
 * platform's manifest is. Throws `not-found` when content is missing otherwise, and the registry's refusals.
 */
export async function pushImage(ctx: CallContext, client: ImageServices, options: PushOptions): Promise<Descriptor> {
  return await withLease(ctx, client, async leased => {
    const root = await chooseRoot(leased, client, options);
    const tree = await collectTree(leased, client, root, options);
    const push = {client, options};
    for (const blob of [...tree.blobs, ...tree.manifests]) report(options, 'waiting', blob, 0);
    const concurrency = options.concurrency ?? defaultConcurrency;
    await forEachLimited(leased, tree.blobs, concurrency, (inner, blob) => pushOne(inner, push, blob));
    const {registry, reference} = options;
    for (const manifest of tree.manifests) {
      const bytes = await readBlob(leased, client, manifest.digest);
      const isRoot = manifest.digest === root.digest;
      const under = isRoot ? reference : {domain: reference.domain, path: reference.path};
      await registry.pushManifest(leased, under, manifest, bytes);
      await addRepository(leased, client, reference, manifest.digest);
      report(options, 'uploaded', manifest, manifest.size);
    }
    return root;
  });
}

async function chooseRoot(ctx: CallContext, client: ImageServices, options: PushOptions): Promise<Descriptor> {
  const {target, platform, platforms = []} = options;
  if (!isIndexType(target.mediaType) || platforms.length > 0) return target;
  if (platform) return (await readImage(ctx, client, target, platform)).manifest;
  const complete: Descriptor[] = [];
  const children = await childrenOf(ctx, client, target);
  const known = new Map<string, boolean>();
  for (const child of children) if (await isComplete(ctx, client, child, known)) complete.push(child);
  if (complete.length === children.length) return target;
  const [only] = complete;
  if (only && complete.length === 1) return only;
  const text = `content of ${children.length - complete.length} of the ${children.length} platforms of ${target.digest} is missing`;
  throw new EngineError('not-found', text);
}

/** Each blob is looked at once: indexes may name the same ones again and again. */
async function isComplete(
  ctx: CallContext,
  client: ImageServices,
  blob: Descriptor,
  known: Map<string, boolean>,
): Promise<boolean> {
  if (isForeignLayerType(blob.mediaType)) return true;
  const before = known.get(blob.digest);
  if (before !== undefined) return before;
  let complete = (await contentSize(ctx, client, blob.digest)) !== undefined;
  for (const child of complete ? await childrenOf(ctx, client, blob) : []) {
    complete = await isComplete(ctx, client, child, known);
    if (!complete) break;
  }
  known.set(blob.digest, complete);
  return complete;
}

/** Blobs in any order; manifests with what they refer to before them. Foreign layers stay where they are. */
async function collectTree(
  ctx: CallContext,
  client: ImageServices,
  root: Descriptor,
  {platforms = [], foreignLayers, onChildren}: PushOptions,
): Promise<{blobs: Descriptor[]; manifests: Descriptor[]}> {
  const blobs = new Map<string, Descriptor>();
  const manifests = new Map<string, Descriptor>();
  const visit = async (node: Descriptor): Promise<void> => {
    if (!isIndexType(node.mediaType) && !isManifestType(node.mediaType)) {
      if (foreignLayers || !isForeignLayerType(node.mediaType)) blobs.set(node.digest, node);
      return;
    }
    if (manifests.has(node.digest)) return;
    const children = (await childrenOf(ctx, client, node)).filter(child => isAmong(child, platforms));
    onChildren?.(node, children);
    for (const child of children) await visit(child);
    manifests.set(node.digest, node);
  };
  await visit(root);
  return {blobs: [...blobs.values()], manifests: [...manifests.values()]};
}

function isAmong({platform}: Descriptor, wanted: readonly Platform[]): boolean {
  if (wanted.length === 0 || !platform) return true;
  return wanted.some(one => platformRank(platform, normalizePlatform(one)) !== undefined);
}

async function pushOne(
  ctx: CallContext,
  {client, options}: {client: ImageServices; options: PushOptions},
  blob: Descriptor,
): Promise<void> {
  const {reference, registry} = options;
  using _place = await options.uploads?.acquire(ctx.signal);
  const known = await knownRepositories(ctx, client, reference, blob.digest);
  const from = known.find(repository => repository !== reference.path);
  const source = (offset: number) => counted(options, blob, offset, readContent(ctx, client, blob.digest, {offset}));
  const outcome = await registry.pushBlob(ctx, reference, blob, source, from === undefined ? {} : {mountFrom: from});
  await addRepository(ctx, client, reference, blob.digest).catch(error => {
    if (!isErrorCode(error, 'not-found')) throw error;
  });
  report(options, outcome, blob, blob.size, outcome === 'mounted' ? from : undefined);
}

async function* counted(
  options: PushOptions,
  blob: Descriptor,
  offset: number,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  let current = offset;
  let last = performance.now();
  report(options, 'uploading', blob, current);
  for await (const chunk of source) {
    yield chunk;
    current += chunk.length;
    if (performance.now() - last < progressIntervalMs) continue;
    last = performance.now();
    report(options, 'uploading', blob, current);
  }
}

function report(
  options: PushOptions,
  action: BlobAction,
  descriptor: Descriptor,
  current: number,
  from?: string,
): void {
  const origin = from === undefined ? {} : {from};
  options.onProgress?.({type: 'blob', action, descriptor, current, total: descriptor.size, ...origin});
}
