/** Which images an archive holds, once its files are in the content store. */
import {posix} from 'node:path';
import type {Descriptor, Manifest} from '@longshore/api/oci';
import type {CallContext} from '@longshore/base';
import {EngineError, messageOf} from '@longshore/errdefs';
import {
  type Compression,
  type defaultPlatform,
  formatReference,
  isAttestation,
  mediaTypes,
  parseImageConfig,
  parseIndex,
  parseReference,
  withCompression,
  withDefaultTag,
} from '@longshore/oci';
import type {ContainerdClient} from '../client.ts';
import {writeBlob} from '../content/ingest.ts';
import {readBlob} from '../content/reader.ts';
import {childLabels} from './gc-labels.ts';

export interface StoredFile {
  digest: string;
  size: number;
  /** Told by the first bytes; `none` as well for a blob that was in the store before and so was not read. */
  compression: Compression;
}

/** The members of an archive by their paths. */
export interface ArchiveParts {
  files: Map<string, StoredFile>;
  /** Symbolic and hard links: path → path. */
  links: Map<string, string>;
  /** The small files that tie the others together. */
  documents: Map<string, Buffer>;
  platform: ReturnType<typeof defaultPlatform>;
}

export interface ArchiveImage {
  name?: string;
  target: Descriptor;
}

/** Images of an OCI layout; names come from annotations, else from the manifest.json beside it. */
export function imagesOfLayout(parts: ArchiveParts): ArchiveImage[] {
  const entries = parseIndex(parts.documents.get('index.json') ?? Buffer.alloc(0)).manifests;
  const names = namesByConfig(parts);
  return entries
    .filter(entry => !isAttestation(entry))
    .map(entry => {
      const {annotations, ...target} = entry;
      const name = annotations?.['io.containerd.image.name'] ?? annotations?.['org.opencontainers.image.ref.name'];
      return name === undefined && names.length === 1
        ? {name: names[0] ?? '', target}
        : name === undefined
          ? {target}
          : {name, target};
    });
}

/** Full names in manifest.json; used when the layout itself has none. */
function namesByConfig({documents}: ArchiveParts): string[] {
  const text = documents.get('manifest.json');
  if (!text) return [];
  return parseDockerManifest(text).flatMap(entry => entry.RepoTags.map(fullName));
}

type DockerEntry = {Config: string; RepoTags: string[]; Layers: string[]};

/** Images of a `docker save` archive without a layout: their manifests are made here. */
export async function imagesOfDockerArchive(
  ctx: CallContext,
  client: ContainerdClient,
  parts: ArchiveParts,
): Promise<ArchiveImage[]> {
  const images: ArchiveImage[] = [];
  for (const entry of parseDockerManifest(parts.documents.get('manifest.json') ?? Buffer.alloc(0))) {
    const target = await makeManifest(ctx, client, parts, entry);
    const names = entry.RepoTags.map(fullName);
    images.push(...(names.length > 0 ? names.map(name => ({name, target})) : [{target}]));
  }
  return images;
}

function fullName(tag: string): string {
  return formatReference(withDefaultTag(parseReference(tag)));
}

function parseDockerManifest(bytes: Buffer): DockerEntry[] {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString());
  } catch (error) {
    throw bad(`manifest.json cannot be parsed: ${messageOf(error)}`);
  }
  if (!Array.isArray(json) || json.length > 10_000) throw bad('manifest.json is no list of images');
  return json.map(entry => {
    const {Config, RepoTags, Layers} = (entry ?? {}) as Partial<DockerEntry>;
    const isList = (list: unknown): list is string[] =>
      Array.isArray(list) && list.every(item => typeof item === 'string');
    if (typeof Config !== 'string' || !isList(Layers)) throw bad('an entry of manifest.json lacks Config or Layers');
    if (RepoTags !== undefined && RepoTags !== null && !isList(RepoTags))
      throw bad('RepoTags of manifest.json is no list');
    return {Config, Layers, RepoTags: RepoTags ?? []};
  });
}

async function makeManifest(
  ctx: CallContext,
  client: ContainerdClient,
  parts: ArchiveParts,
  entry: DockerEntry,
): Promise<Descriptor> {
  const config = fileOf(parts, entry.Config);
  const {rootfs} = parseImageConfig(await readBlob(ctx, client, config.digest));
  if (rootfs.diff_ids.length !== entry.Layers.length) {
    throw bad(
      `invalid manifest, layers length mismatch: expected ${rootfs.diff_ids.length}, got ${entry.Layers.length}`,
    );
  }
  const layers = [];
  for (const path of entry.Layers) layers.push(await layerDescriptor(ctx, client, fileOf(parts, path)));
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.dockerManifest,
    config: {mediaType: mediaTypes.dockerConfig, digest: config.digest, size: config.size},
    layers,
  };
  const blob = await writeBlob(
    ctx,
    client,
    Buffer.from(JSON.stringify(manifest)),
    childLabels([manifest.config, ...layers]),
  );
  return {mediaType: mediaTypes.dockerManifest, ...blob};
}

/** The first bytes tell the compression, also of a blob that was there before and whose bytes were not seen. */
async function layerDescriptor(ctx: CallContext, client: ContainerdClient, file: StoredFile): Promise<Descriptor> {
  let {compression} = file;
  if (compression === 'none' && file.size > 4) {
    const {data} = await firstMessage(client.content.read(ctx, {digest: file.digest, offset: 0n, size: 4n}));
    if (data[0] === 0x1f && data[1] === 0x8b) compression = 'gzip';
    else if (data.length >= 4 && Buffer.from(data).readUInt32LE(0) === 0xfd2fb528) compression = 'zstd';
  }
  return {mediaType: withCompression(mediaTypes.dockerLayer, compression), digest: file.digest, size: file.size};
}

async function firstMessage<T>(messages: AsyncIterable<T>): Promise<T> {
  for await (const message of messages) return message;
  throw new EngineError('data-loss', 'a blob that was just stored cannot be read');
}

/** A file of the archive, through the links that old archives have for layers that occur twice. */
function fileOf({files, links}: ArchiveParts, path: string): StoredFile {
  let at = posix.normalize(path);
  for (let hops = 0; hops < 10; hops++) {
    const file = files.get(at);
    if (file) return file;
    const next = links.get(at);
    if (next === undefined) break;
    at = next;
  }
  throw bad(`"${path}" is named in manifest.json but is not in the archive`);
}

function bad(problem: string): EngineError {
  return new EngineError('invalid-argument', `invalid image archive: ${problem}`);
}
