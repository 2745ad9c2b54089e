/**
 * Image archives: OCI layouts in a tar, and what `docker save` writes, before and after 25.0. One pass, bounded memory:
 * large members go to a store as they come, small ones are kept until the index says what they are.
 */
import type {ArchiveManifest, Descriptor} from '@longshore/api/oci';
import {digestOf, parseDigest} from '../digest.ts';
import {readTar} from '../layer/reader.ts';
import type {TarEntry} from '../layer/tar-entry.ts';
import {type Compression, mediaTypes} from '../media-types.ts';
import {formatReference, parseReference, withDefaultTag} from '../reference.ts';
import {isAttestation} from '../select-manifest.ts';
import {maxManifestBytes, parseImageConfig, parseIndex} from '../validate.ts';
import {archiveError} from './archive-error.ts';
import {decompressAny, detectCompression, peek} from './decompress.ts';

/** Where the content of an archive goes. */
export interface ArchiveStore {
  /** Stores a stream; its digest must be `expected` when that is given. */
  put(body: AsyncIterable<Uint8Array>, expected: {digest?: string; size: number}): Promise<{digest: string}>;
  /** Makes a gzip blob of one that it has. Given when manifests that are made shall list no uncompressed layers. */
  compress?(digest: string): Promise<{digest: string; size: number}>;
}

/** An image of an archive. All blobs that the archive has are in the store by now. */
export interface ArchivedImage {
  /** In full (`docker.io/library/busybox:latest`); undefined when the archive gives none. */
  name: string | undefined;
  /** What the archive says about its name when that is not a full one: `latest`. */
  refName: string | undefined;
  target: Descriptor;
}

/** Every member costs a little memory. */
const maxMembers = 100_000;
/** Members that are not under `blobs/`, up to this size, wait in memory for the index; this many bytes in all. */
const smallMember = 128 << 10;
const maxHeldBytes = 64 << 20;

type Stored = {digest: string; size: number; compression: Compression};

/** Reads an archive, which may be compressed as a whole. Throws `invalid-argument` for a damaged or empty one. */
export async function readImageArchive(
  source: AsyncIterable<Uint8Array>,
  store: ArchiveStore,
): Promise<ArchivedImage[]> {
  const archive = new ArchiveReader(store);
  for await (const {entry, body} of readTar(decompressAny(source))) await archive.take(entry, body);
  return await archive.images();
}

class ArchiveReader {
  readonly #store: ArchiveStore;
  readonly #held = new Map<string, Buffer>();
  readonly #stored = new Map<string, Stored>();
  readonly #links = new Map<string, string>();
  #heldBytes = 0;
  #members = 0;

  constructor(store: ArchiveStore) {
    this.#store = store;
  }

  async take(entry: TarEntry, body: AsyncIterable<Uint8Array>): Promise<void> {
    if (++this.#members > maxMembers) throw archiveError(`it has more than ${maxMembers} members`);
    const path = normalPath(entry.name.toString('utf8'));
    if (entry.type === 'symlink') this.#links.set(path, normalPath(`${dirname(path)}/${entry.linkName}`));
    else if (entry.type === 'link') this.#links.set(path, normalPath(entry.linkName.toString('utf8')));
    else if (entry.type === 'file') await this.#takeFile(path, entry.size, body);
  }

  async images(): Promise<ArchivedImage[]> {
    const index = this.#held.get('index.json');
    if (index && this.#held.has('oci-layout')) return this.#layoutImages(index);
    const manifest = this.#held.get('manifest.json');
    if (manifest) return await this.#savedImages(manifest);
    throw archiveError('it has neither "index.json" nor "manifest.json"');
  }

  async #takeFile(path: string, size: number, body: AsyncIterable<Uint8Array>): Promise<void> {
    const digest = blobDigest(path);
    if (digest === undefined && (size <= smallMember || isIndexFile(path))) {
      await this.#hold(path, size, body);
      return;
    }
    const {start, rest} = await peek(body, 6);
    const {digest: actual} = await this.#store.put(rest, {size, ...(digest === undefined ? {} : {digest})});
    this.#stored.set(path, {digest: actual, size, compression: layerCompression(start)});
  }

  async #hold(path: string, size: number, body: AsyncIterable<Uint8Array>): Promise<void> {
    this.#heldBytes += size;
    if (size > maxManifestBytes || this.#heldBytes > maxHeldBytes) throw archiveError(`"${path}" is too large`);
    const parts: Uint8Array[] = [];
    for await (const part of body) parts.push(Buffer.from(part));
    this.#held.set(path, Buffer.concat(parts));
  }

  #layoutImages(bytes: Buffer): ArchivedImage[] {
    const entries = parseIndex(bytes).manifests.filter(entry => !isAttestation(entry));
    const images = entries.map(target => {
      const known = target.annotations?.['io.containerd.image.name'];
      const refName = target.annotations?.['org.opencontainers.image.ref.name'];
      return {name: fullName(known) ?? fullName(refName), refName, target};
    });
    const [only] = images;
    if (!only || images.length > 1 || only.name !== undefined || only.refName !== undefined) return images;
    const names = this.#dockerNames();
    return names.length === 0 ? images : names.map(name => ({...only, name}));
  }

  /** Names that Docker's list has for the one image of a layout that has none. */
  #dockerNames(): string[] {
    const manifest = this.#held.get('manifest.json');
    const [entry, ...others] = manifest ? parseArchiveManifest(manifest) : [];
    return entry && others.length === 0 ? savedNames(entry) : [];
  }

  async #savedImages(bytes: Buffer): Promise<ArchivedImage[]> {
    const images: ArchivedImage[] = [];
    for (const entry of parseArchiveManifest(bytes)) {
      const target = await this.#makeManifest(entry);
      const names = savedNames(entry);
      if (names.length === 0) images.push({name: undefined, refName: undefined, target});
      for (const name of names) images.push({name, refName: undefined, target});
    }
    return images;
  }

  /** Old archives have no manifest: it is made of the files that the entry lists. */
  async #makeManifest(entry: ArchiveManifest): Promise<Descriptor> {
    const config = await this.#find(entry.Config);
    this.#checkLayerCount(entry);
    const layers: Descriptor[] = [];
    for (const path of entry.Layers) {
      const {digest, size, compression} = await this.#findLayer(path);
      layers.push({mediaType: layerType(compression), digest, size});
    }
    const manifest = {
      schemaVersion: 2,
      mediaType: mediaTypes.dockerManifest,
      config: {mediaType: mediaTypes.dockerConfig, digest: config.digest, size: config.size},
      layers,
    };
    const bytes = Buffer.from(JSON.stringify(manifest));
    const {digest} = await this.#put(bytes);
    return {mediaType: mediaTypes.dockerManifest, digest, size: bytes.length};
  }

  /** Sooner than unpacking would, and in Docker's words. */
  #checkLayerCount({Config, Layers}: ArchiveManifest): void {
    const config = this.#held.get(this.#resolve(Config));
    const expected = config && parseImageConfig(config).rootfs.diff_ids.length;
    if (expected === undefined || expected === Layers.length) return;
    throw archiveError(`invalid manifest, layers length mismatch: expected ${expected}, got ${Layers.length}`);
  }

  #resolve(path: string): string {
    let name = normalPath(path);
    for (let hops = 0; this.#links.has(name) && hops < 10; hops++) name = this.#links.get(name) as string;
    return name;
  }

  async #find(path: string): Promise<Stored> {
    const name = this.#resolve(path);
    const stored = this.#stored.get(name);
    if (stored) return stored;
    const held = this.#held.get(name);
    if (!held) throw archiveError(`"${path}" is listed but not there`);
    const made = {...(await this.#put(held)), size: held.length, compression: layerCompression(held)};
    this.#stored.set(name, made);
    return made;
  }

  async #findLayer(path: string): Promise<Stored> {
    const found = await this.#find(path);
    if (found.compression !== 'none' || !this.#store.compress) return found;
    const made: Stored = {...(await this.#store.compress(found.digest)), compression: 'gzip'};
    this.#stored.set(this.#resolve(path), made);
    return made;
  }

  async #put(bytes: Buffer): Promise<{digest: string}> {
    const body = async function* () {
      yield bytes;
    };
    return await this.#store.put(body(), {digest: digestOf(bytes), size: bytes.length});
  }
}

function parseArchiveManifest(bytes: Buffer): ArchiveManifest[] {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw archiveError('"manifest.json" is not JSON');
  }
  if (!Array.isArray(json) || json.length === 0) throw archiveError('"manifest.json" lists no image');
  for (const item of json as Partial<ArchiveManifest>[]) {
    const isStrings = (value: unknown) => Array.isArray(value) && value.every(text => typeof text === 'string');
    const {Config, Layers, RepoTags} = item ?? {};
    if (typeof Config !== 'string' || !isStrings(Layers ?? []) || !isStrings(RepoTags ?? [])) {
      throw archiveError('"manifest.json" has a bad entry');
    }
    item.Layers ??= [];
  }
  return json as ArchiveManifest[];
}

function savedNames(entry: ArchiveManifest): string[] {
  return entry.RepoTags?.map(tag => formatReference(withDefaultTag(parseReference(tag)))) ?? [];
}

/** A name that is one in full already; a tag alone says nothing about the repository. */
function fullName(text: string | undefined): string | undefined {
  if (text === undefined || !/[/:@]/.test(text)) return undefined;
  try {
    return formatReference(withDefaultTag(parseReference(text)));
  } catch {
    return undefined;
  }
}

function blobDigest(path: string): string | undefined {
  const match = /^blobs\/([a-z0-9]+)\/([0-9a-f]+)$/.exec(path);
  if (!match) return undefined;
  const digest = `${match[1]}:${match[2]}`;
  parseDigest(digest);
  return digest;
}

function isIndexFile(path: string): boolean {
  return path === 'index.json' || path === 'manifest.json' || path === 'repositories';
}

function layerCompression(start: Uint8Array): Compression {
  const found = detectCompression(start);
  return found === 'gzip' || found === 'zstd' ? found : 'none';
}

function layerType(compression: Compression): string {
  if (compression === 'gzip') return mediaTypes.dockerLayerGzip;
  return compression === 'zstd' ? mediaTypes.dockerLayerZstd : mediaTypes.dockerLayer;
}

function dirname(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

/** Only a key: nothing is ever opened by it. */
function normalPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}
