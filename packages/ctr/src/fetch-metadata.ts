/** An image's indexes, manifests and configurations for all platforms, without layers. */
import type {Descriptor} from '@longshore/api/oci';
import type {CallContext} from '@longshore/base';
import {type ContainerdClient, childLabels, putImage, withLease, writeBlob} from '@longshore/containerd-client';
import {EngineError} from '@longshore/errdefs';
import {digestOf, formatReference, isIndex, parseManifestOrIndex, type Reference, type Registry} from '@longshore/oci';

export interface MetadataOptions {
  reference: Reference;
  registry: Registry;
  /** Of the image's record. */
  labels: Record<string, string>;
}

const maxDepth = 4;
/** A configuration is a document of kilobytes. */
const maxConfigBytes = 8 << 20;

export async function fetchMetadata(
  ctx: CallContext,
  client: ContainerdClient,
  options: MetadataOptions,
): Promise<void> {
  const {reference, registry, labels} = options;
  await withLease(ctx, client, async leased => {
    const {descriptor, bytes} = await registry.resolve(leased, reference);
    await store(leased, client, options, descriptor, bytes, 0);
    await putImage(leased, client, {name: formatReference(reference), target: descriptor, labels});
  });
}

async function store(
  ctx: CallContext,
  client: ContainerdClient,
  options: MetadataOptions,
  {mediaType}: Descriptor,
  bytes: Uint8Array,
  depth: number,
): Promise<void> {
  const {registry, reference} = options;
  const document = parseManifestOrIndex(bytes, mediaType);
  const children = isIndex(document) ? document.manifests : [document.config, ...document.layers];
  await writeBlob(ctx, client, bytes, childLabels(children));
  if (!isIndex(document)) {
    await writeBlob(ctx, client, await readAll(registry.blob(ctx, reference, document.config), document.config));
    return;
  }
  if (depth >= maxDepth) throw new EngineError('invalid-argument', 'the index is nested too deeply');
  for (const child of document.manifests) {
    await store(ctx, client, options, child, await registry.manifest(ctx, reference, child), depth + 1);
  }
}

async function readAll(source: AsyncIterable<Uint8Array>, {digest, size}: Descriptor): Promise<Buffer> {
  if (size > maxConfigBytes) throw new EngineError('invalid-argument', `configuration ${digest} has ${size} bytes`);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    length += chunk.length;
    if (length > size) break;
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  if (digestOf(bytes) === digest) return bytes;
  throw new EngineError('data-loss', `the registry's bytes of configuration ${digest} have another digest`);
}
