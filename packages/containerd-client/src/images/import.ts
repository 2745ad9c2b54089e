/**
 * `docker save` archives (old and new) and OCI layouts into containerd. Every file of the archive is stored as it
 * passes by; what ties them together is read at the end, so nothing but small JSON files is held in memory.
 */

import {posix} from 'node:path';
import type {Readable} from 'node:stream';
import {compose} from 'node:stream';
import {createGunzip, createZstdDecompress} from 'node:zlib';
import type {Descriptor, Platform} from '@longshore/api/oci';
import {type CallContext, randomHex} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {
  defaultPlatform,
  isIndexType,
  isManifestType,
  maxManifestBytes,
  normalizePlatform,
  readTar,
} from '@longshore/oci';
import type {ContainerdClient} from '../client.ts';
import {ingest} from '../content/ingest.ts';
import {withLease} from '../leases.ts';
import {
  type ArchiveImage,
  type ArchiveParts,
  imagesOfDockerArchive,
  imagesOfLayout,
  type StoredFile,
} from './archive-images.ts';
import {labelChildren} from './gc-labels.ts';
import type {ProgressListener} from './progress.ts';
import {childrenOf, readImage} from './read.ts';
import {putImage} from './record.ts';
import {unpackImage} from './unpack.ts';

export interface ImportOptions {
  snapshotter?: string;
  /** Unpacks each image; true by default. */
  unpack?: boolean;
  platform?: Platform;
  /** Gives the name of an image's record, or undefined to make none; the name in the archive by default. */
  rename?: (name: string) => string | undefined;
  onProgress?: ProgressListener;
}

export interface ImportedImage {
  /** Undefined for an image that the archive has no name for, or that `rename` dropped. */
  name?: string;
  target: Descriptor;
}

/** An archive must not have more members than this: each costs memory. */
const maxMembers = 100_000;

/**
 * Imports all images of an archive; gzip and zstd around it are accepted. The records are made last: an image is there
 * whole or not at all. Throws `invalid-argument` for what is no image archive.
 */
export async function importArchive(
  ctx: CallContext,
  client: ContainerdClient,
  stream: AsyncIterable<Uint8Array> | Readable,
  options: ImportOptions = {},
): Promise<ImportedImage[]> {
  return await withLease(ctx, client, async leased => {
    const parts = await storeMembers(leased, client, stream);
    const images = await findImages(leased, client, parts);
    const imported: ImportedImage[] = [];
    for (const {name, target} of images) {
      await completeImage(leased, client, target, options);
      const record = name === undefined ? undefined : options.rename ? options.rename(name) : name;
      imported.push(record === undefined ? {target} : {name: record, target});
    }
    for (const {name, target} of imported) {
      if (name === undefined) continue;
      await putImage(leased, client, {name, target});
      options.onProgress?.({type: 'image', name, target});
    }
    return imported;
  });
}

/** Links the blobs for the garbage collector, checks that the wanted platform is whole, and unpacks it. */
async function completeImage(
  ctx: CallContext,
  client: ContainerdClient,
  target: Descriptor,
  options: ImportOptions,
): Promise<void> {
  await labelTree(ctx, client, target);
  const {snapshotter, platform, onProgress} = options;
  if (options.unpack === false) {
    await readImage(ctx, client, target, platform);
    return;
  }
  await unpackImage(ctx, client, {
    target,
    ...(snapshotter ? {snapshotter} : {}),
    ...(platform ? {platform} : {}),
    ...(onProgress ? {onProgress} : {}),
  });
}

async function labelTree(ctx: CallContext, client: ContainerdClient, blob: Descriptor): Promise<void> {
  if (!isIndexType(blob.mediaType) && !isManifestType(blob.mediaType)) return;
  await labelChildren(ctx, client, blob);
  if (!isIndexType(blob.mediaType)) return;
  for (const child of await childrenOf(ctx, client, blob)) {
    // An archive of one platform need not have the others.
    await labelTree(ctx, client, child).catch(error => {
      ctx.log.debug({digest: child.digest, error}, 'entry of an imported index is not in the archive');
    });
  }
}

async function findImages(ctx: CallContext, client: ContainerdClient, parts: ArchiveParts): Promise<ArchiveImage[]> {
  if (parts.documents.has('index.json')) return imagesOfLayout(parts);
  if (parts.documents.has('manifest.json')) return await imagesOfDockerArchive(ctx, client, parts);
  throw new EngineError('invalid-argument', 'no image archive: it has neither index.json nor manifest.json');
}

async function storeMembers(
  ctx: CallContext,
  client: ContainerdClient,
  stream: AsyncIterable<Uint8Array>,
): Promise<ArchiveParts> {
  const parts: ArchiveParts = {
    files: new Map(),
    links: new Map(),
    documents: new Map(),
    platform: normalizePlatform(defaultPlatform()),
  };
  for await (const {entry, body} of readTar(await decompressed(stream))) {
    const path = cleanPath(entry.name.toString());
    if (parts.files.size + parts.links.size + parts.documents.size >= maxMembers) {
      throw new EngineError('invalid-argument', `image archive has more than ${maxMembers} members`);
    }
    if (entry.type === 'symlink') parts.links.set(path, posix.join(posix.dirname(path), entry.linkName.toString()));
    else if (entry.type === 'link') parts.links.set(path, cleanPath(entry.linkName.toString()));
    else if (entry.type === 'file' && isDocument(path))
      parts.documents.set(path, await readDocument(path, entry.size, body));
    else if (entry.type === 'file') parts.files.set(path, await storeFile(ctx, client, path, entry.size, body));
  }
  return parts;
}

/** Paths are only names here: nothing of the archive is ever written to one. */
function cleanPath(name: string): string {
  return posix.normalize(`/${name}`).slice(1);
}

function isDocument(path: string): boolean {
  return ['index.json', 'manifest.json', 'oci-layout', 'repositories'].includes(path);
}

async function readDocument(path: string, size: number, body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  if (size > maxManifestBytes)
    throw new EngineError('invalid-argument', `${path} of the image archive has ${size} bytes`);
  return Buffer.concat(await Array.fromAsync(body));
}

/** Stores one file; the name of a blob in a layout is its digest, which is checked. */
async function storeFile(
  ctx: CallContext,
  client: ContainerdClient,
  path: string,
  size: number,
  body: AsyncIterable<Uint8Array>,
): Promise<StoredFile> {
  const hex = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(path)?.[1];
  let head: Uint8Array = Buffer.alloc(0);
  const source = async function* (offset: number) {
    // A fresh reference has no bytes yet; one of a blob that exists is not read at all.
    if (offset !== 0) throw new EngineError('internal', `ingest of ${path} starts at ${offset}`);
    for await (const chunk of body) {
      if (head.length < 4) head = Buffer.concat([head, chunk.subarray(0, 4)]);
      yield chunk;
    }
  };
  const ref = `import-${randomHex(8)}`;
  const {digest} = await ingest(ctx, client, ref, source, {size, ...(hex ? {digest: `sha256:${hex}`} : {})});
  return {digest, size, compression: compressionOf(head)};
}

function compressionOf(head: Uint8Array): StoredFile['compression'] {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd';
  return 'none';
}

/** The archive without a compression around it, told by its first bytes. */
async function decompressed(stream: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const iterator = stream[Symbol.asyncIterator]();
  const first = await iterator.next();
  const head = first.done ? Buffer.alloc(0) : first.value;
  const whole = async function* () {
    if (!first.done) yield head;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  };
  const compression = compressionOf(head);
  if (compression === 'none') return whole();
  return compose(whole, compression === 'gzip' ? createGunzip() : createZstdDecompress());
}
