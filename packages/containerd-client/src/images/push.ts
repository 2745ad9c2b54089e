/** An image to a registry: blobs, then manifests, the one with the name last. */
import type {Descriptor, Platform} from '@longshore/api/oci';
import type {CallContext} from '@longshore/base';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {isForeignLayerType, isIndexType, isManifestType, type Reference, type Registry} from '@longshore/oci';
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
  /** Blobs sent at the same time; 5 by default. */
  concurrency?: number;
  onProgress?: ProgressListener;
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
    const tree = await collectTree(leased, client, root);
    const push = {client, options};
    for (const blob of tree.blobs) report(options, 'waiting', blob, 0);
    const concurrency = options.concurrency ?? defaultConcurrency;
    await forEachLimited(leased, tree.blobs, concurrency, (inner, blob) => pushOne(inner, push, blob));
    const {registry, reference} = options;
    for (const manifest of tree.manifests) {
      const bytes = await readBlob(leased, client, manifest.digest);
      const isRoot = manifest.digest === root.digest;
      const under = isRoot ? reference : {domain: reference.domain, path: reference.path};
      await registry.pushManifest(leased, under, manifest, bytes);
      await addRepository(leased, client, reference, manifest.digest);
    }
    return root;
  });
}

async function chooseRoot(ctx: CallContext, client: ImageServices, options: PushOptions): Promise<Descriptor> {
  const {target, platform} = options;
  if (!isIndexType(target.mediaType)) return target;
  if (platform) return (await readImage(ctx, client, target, platform)).manifest;
  const complete: Descriptor[] = [];
  const children = await childrenOf(ctx, client, target);
  for (const child of children) if (await isComplete(ctx, client, child)) complete.push(child);
  if (complete.length === children.length) return target;
  const [only] = complete;
  if (only && complete.length === 1) return only;
  const text = `content of ${children.length - complete.length} of the ${children.length} platforms of ${target.digest} is missing`;
  throw new EngineError('not-found', text);
}

async function isComplete(ctx: CallContext, client: ImageServices, blob: Descriptor): Promise<boolean> {
  if (isForeignLayerType(blob.mediaType)) return true;
  if ((await contentSize(ctx, client, blob.digest)) === undefined) return false;
  for (const child of await childrenOf(ctx, client, blob)) if (!(await isComplete(ctx, client, child))) return false;
  return true;
}

/** Blobs in any order; manifests with what they refer to before them. Foreign layers stay where they are. */
async function collectTree(
  ctx: CallContext,
  client: ImageServices,
  root: Descriptor,
): Promise<{blobs: Descriptor[]; manifests: Descriptor[]}> {
  const blobs = new Map<string, Descriptor>();
  const manifests = new Map<string, Descriptor>();
  const visit = async (node: Descriptor): Promise<void> => {
    if (!isIndexType(node.mediaType) && !isManifestType(node.mediaType)) {
      if (!isForeignLayerType(node.mediaType)) blobs.set(node.digest, node);
      return;
    }
    if (manifests.has(node.digest)) return;
    for (const child of await childrenOf(ctx, client, node)) await visit(child);
    manifests.set(node.digest, node);
  };
  await visit(root);
  return {blobs: [...blobs.values()], manifests: [...manifests.values()]};
}

async function pushOne(
  ctx: CallContext,
  {client, options}: {client: ImageServices; options: PushOptions},
  blob: Descriptor,
): Promise<void> {
  const {reference, registry} = options;
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
