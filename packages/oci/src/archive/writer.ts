/** Writes what both `docker load` and OCI tools read: an OCI layout, and Docker's `manifest.json` beside it. */
import type {ArchiveManifest, Descriptor, Index} from '@longshore/api/oci';
import {tarEntry} from '../layer/tar-entry.ts';
import {type TarSource, writeTar} from '../layer/writer.ts';
import {mediaTypes} from '../media-types.ts';
import {familiarReference, parseReference} from '../reference.ts';

export interface ArchiveImage {
  target: Descriptor;
  /** In full; undefined for an image without name. */
  name: string | undefined;
  /** The manifest that `docker load` of old releases should take; undefined leaves it out of `manifest.json`. */
  docker: {config: Descriptor; layers: readonly Descriptor[]} | undefined;
}

export interface ArchiveBlob {
  digest: string;
  size: number;
  open: () => AsyncIterable<Uint8Array>;
}

/** The archive as a stream. Equal images give equal bytes: blobs go in the order of their digests, times are 0. */
export function writeImageArchive(
  images: readonly ArchiveImage[],
  blobs: Iterable<ArchiveBlob>,
): AsyncGenerator<Uint8Array, void, void> {
  return writeTar(members(images, blobs));
}

function* members(images: readonly ArchiveImage[], blobs: Iterable<ArchiveBlob>): Generator<TarSource> {
  const sorted = [...new Map([...blobs].map(blob => [blob.digest, blob])).values()];
  sorted.sort((a, b) => (a.digest < b.digest ? -1 : 1));
  yield {entry: tarEntry('directory', 'blobs/')};
  const algorithms = new Set<string>();
  for (const {digest, size, open} of sorted) {
    const [algorithm = '', hex = ''] = digest.split(':');
    if (!algorithms.has(algorithm)) yield {entry: tarEntry('directory', `blobs/${algorithm}/`)};
    algorithms.add(algorithm);
    yield {entry: tarEntry('file', `blobs/${algorithm}/${hex}`, {mode: 0o444, size}), body: open()};
  }
  yield textMember('index.json', JSON.stringify(indexOf(images)), 0o644);
  const docker = dockerManifests(images);
  if (docker.length > 0) yield textMember('manifest.json', JSON.stringify(docker), 0o644);
  yield textMember('oci-layout', '{"imageLayoutVersion":"1.0.0"}', 0o444);
}

function indexOf(images: readonly ArchiveImage[]): Index {
  const manifests = images.map(({target, name}) => {
    if (name === undefined) return target;
    const {tag, digest} = parseReference(name);
    const annotations = {
      ...target.annotations,
      'io.containerd.image.name': name,
      ...(tag === undefined ? {} : {'org.opencontainers.image.ref.name': tag}),
      ...(tag === undefined && digest !== undefined ? {'org.opencontainers.image.ref.name': digest} : {}),
    };
    return {...target, annotations};
  });
  return {schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests};
}

/** Names of one image are listed together, as its tags. */
function dockerManifests(images: readonly ArchiveImage[]): ArchiveManifest[] {
  const byConfig = new Map<string, ArchiveManifest>();
  for (const {name, docker} of images) {
    if (!docker) continue;
    const known = byConfig.get(docker.config.digest);
    const made = {Config: blobPath(docker.config), RepoTags: null, Layers: docker.layers.map(blobPath)};
    const entry: ArchiveManifest = known ?? made;
    byConfig.set(docker.config.digest, entry);
    const reference = name === undefined ? undefined : parseReference(name);
    if (reference?.tag !== undefined) entry.RepoTags = [...(entry.RepoTags ?? []), familiarReference(reference)];
  }
  return [...byConfig.values()];
}

function blobPath({digest}: Descriptor): string {
  return `blobs/${digest.replace(':', '/')}`;
}

function textMember(name: string, text: string, mode: number): TarSource {
  const bytes = Buffer.from(text);
  return {entry: tarEntry('file', name, {mode, size: bytes.length}), body: [bytes]};
}
