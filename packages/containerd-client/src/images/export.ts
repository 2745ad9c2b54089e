/** Images as a tar archive in the OCI layout, with the manifest.json that `docker load` of any age reads. */
import {Readable} from 'node:stream';
import type {Descriptor, Index, Platform} from '@longshore/api/oci';
import type {CallContext} from '@longshore/base';
import {familiarReference, mediaTypes, parseReference, type TarSource, tarEntry, writeTar} from '@longshore/oci';
import type {ContainerdClient} from '../client.ts';
import {readContent} from '../content/reader.ts';
import {readImage, walkContent} from './read.ts';

export interface ExportOptions {
  images: readonly {target: Descriptor; name?: string}[];
  /** Only this platform of each image; everything that is present by default. */
  platform?: Platform;
  /** Leaves out manifest.json. */
  skipDockerManifest?: boolean;
}

type Prepared = {target: Descriptor; names: string[]};

/** Streams the archive at the consumer's pace. Throws `not-found` before the first byte when an image is incomplete. */
export async function* exportArchive(
  ctx: CallContext,
  client: ContainerdClient,
  options: ExportOptions,
): AsyncGenerator<Uint8Array, void, void> {
  const images = await prepare(ctx, client, options);
  const documents = [
    ...[
      {name: 'index.json', json: layoutIndex(images)},
      {name: 'oci-layout', json: {imageLayoutVersion: '1.0.0'}},
    ],
    ...(options.skipDockerManifest
      ? []
      : [{name: 'manifest.json', json: await dockerManifest(ctx, client, images, options)}]),
  ];
  yield* writeTar(members(ctx, client, images, documents));
}

/** One entry per image, with all of its names; narrowed to one manifest where a platform is asked for. */
async function prepare(ctx: CallContext, client: ContainerdClient, options: ExportOptions): Promise<Prepared[]> {
  const prepared = new Map<string, Prepared>();
  for (const {target, name} of options.images) {
    const parts = await readImage(ctx, client, target, options.platform);
    const chosen = options.platform ? parts.manifest : target;
    const entry = prepared.get(chosen.digest) ?? {target: chosen, names: []};
    if (name !== undefined) entry.names.push(name);
    prepared.set(chosen.digest, entry);
  }
  return [...prepared.values()];
}

async function* members(
  ctx: CallContext,
  client: ContainerdClient,
  images: readonly Prepared[],
  documents: readonly {name: string; json: unknown}[],
): AsyncGenerator<TarSource, void, void> {
  yield {entry: tarEntry('directory', 'blobs/')};
  yield {entry: tarEntry('directory', 'blobs/sha256/')};
  const written = new Set<string>();
  for (const {target} of images) {
    for await (const {digest, size} of walkContent(ctx, client, target)) {
      if (written.has(digest)) continue;
      written.add(digest);
      const path = `blobs/${digest.replace(':', '/')}`;
      yield {entry: tarEntry('file', path, {size, mode: 0o444}), body: readContent(ctx, client, digest)};
    }
  }
  for (const {name, json} of documents) {
    const body = Buffer.from(JSON.stringify(json));
    yield {entry: tarEntry('file', name, {size: body.length}), body: Readable.from([body])};
  }
}

/** An image with several names is listed once for each, as Docker and containerd do. */
function layoutIndex(images: readonly Prepared[]): Index {
  const manifests = images.flatMap(({target, names}) =>
    names.length === 0
      ? [target]
      : names.map(name => ({...target, annotations: {...target.annotations, ...nameAnnotations(name)}})),
  );
  return {schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests};
}

function nameAnnotations(name: string): Record<string, string> {
  const {tag} = parseReference(name);
  const full = {'io.containerd.image.name': name};
  return tag ? {...full, 'org.opencontainers.image.ref.name': tag} : full;
}

type DockerManifest = {Config: string; RepoTags: string[]; Layers: string[]}[];

async function dockerManifest(
  ctx: CallContext,
  client: ContainerdClient,
  images: readonly Prepared[],
  options: ExportOptions,
): Promise<DockerManifest> {
  const entries: DockerManifest = [];
  for (const {target, names} of images) {
    const {manifestJson} = await readImage(ctx, client, target, options.platform);
    const path = ({digest}: Descriptor) => `blobs/${digest.replace(':', '/')}`;
    const tags = names
      .filter(name => parseReference(name).tag !== undefined)
      .map(name => familiarReference(parseReference(name)));
    entries.push({Config: path(manifestJson.config), RepoTags: tags, Layers: manifestJson.layers.map(path)});
  }
  return entries;
}
