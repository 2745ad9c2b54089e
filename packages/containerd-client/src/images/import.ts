/** `docker save` archives (old and new) and OCI layouts into containerd, in one pass and bounded memory. */
import {pipeline} from 'node:stream/promises';
import {createGzip} from 'node:zlib';
import type {Descriptor, Platform} from '@longshore/api/oci';
import {type CallContext, randomHex} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {type ArchivedImage, isLayerType, mediaTypes, readImageArchive} from '@longshore/oci';
import type {ImageServices} from '../client.ts';
import {ingest, writeBlob} from '../content/ingest.ts';
import {readContent} from '../content/reader.ts';
import {withLease} from '../leases.ts';
import type {UnpackTarget} from './fetch-image.ts';
import {childLabels, labelTree} from './gc-labels.ts';
import type {ProgressListener} from './progress.ts';
import {readImage} from './read.ts';
import {putImage} from './record.ts';
import {unpackImage} from './unpack.ts';

export interface ImportOptions {
  snapshotter?: string;
  /** Unpacks each image; true by default. */
  unpack?: boolean;
  platform?: Platform;
  /**
   * Gives the name of an image's record, or undefined to make none. It gets the name in the archive, which may be a tag
   * only (`latest`); without it, images with a full name keep that and others have none.
   */
  rename?: (name: string) => string | undefined;
  /** What each image is unpacked for, in place of `unpack`, `platform` and `snapshotter`. */
  unpacks?: readonly UnpackTarget[];
  /** Flush each layer to disk as it is unpacked. */
  syncFs?: boolean;
  /** Gives the names of an image's records, in place of `rename`. */
  names?: (image: ArchivedImage) => readonly string[];
  /** Names an index of all images of the archive gets. */
  indexNames?: (digest: string) => readonly string[];
  /** Labels of the records. */
  labels?: Record<string, string>;
  /** Lets the layers go once they are unpacked: the images keep their snapshots only. */
  discardLayers?: boolean;
  /** Compresses layers that are not, of archives without manifests of their own. */
  compress?: boolean;
  /** False makes no records; the caller does, under a lease of its own. */
  records?: boolean;
  onProgress?: ProgressListener;
}

export interface ImportedImage {
  /** Undefined for an image that the archive has no name for, or that `rename` dropped. */
  name?: string;
  target: Descriptor;
}

/**
 * Imports all images of an archive; gzip and zstd around it are accepted. The records are made last: an image is there
 * whole or not at all. Throws `invalid-argument` for what is no image archive.
 */
export async function importArchive(
  ctx: CallContext,
  client: ImageServices,
  stream: AsyncIterable<Uint8Array>,
  options: ImportOptions = {},
): Promise<ImportedImage[]> {
  return await withLease(ctx, client, async leased => {
    const images = await readImageArchive(stream, {
      put: (body, expected) => storeMember(leased, client, body, expected),
      ...(options.compress ? {compress: digest => compressLayer(leased, client, digest)} : {}),
    });
    const targets = new Map(images.map(({target}) => [target.digest, target]));
    for (const target of targets.values()) await completeImage(leased, client, target, options);
    const imported = [
      ...(options.indexNames ? await storeIndex(leased, client, images, options.indexNames) : []),
      ...images.flatMap(image => toImported(image, options)),
    ];
    const labels = options.labels ? {labels: options.labels} : {};
    for (const {name, target} of imported) {
      if (name === undefined || options.records === false) continue;
      await putImage(leased, client, {name, target, ...labels});
      options.onProgress?.({type: 'image', name, target});
    }
    return imported;
  });
}

/** The archive's images as one: an index that keeps the names that the archive gave them. */
async function storeIndex(
  ctx: CallContext,
  client: ImageServices,
  images: readonly ArchivedImage[],
  names: (digest: string) => readonly string[],
): Promise<ImportedImage[]> {
  const manifests = images.map(({target}) => target);
  const bytes = Buffer.from(JSON.stringify({schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests}));
  const {digest, size} = await writeBlob(ctx, client, bytes, childLabels(manifests));
  const target = {mediaType: mediaTypes.ociIndex, digest, size};
  return names(digest).map(name => ({name, target}));
}

/** Annotations of the archive's index tell names, which the record does itself. */
function toImported(image: ArchivedImage, {rename, names}: ImportOptions): ImportedImage[] {
  const {name, refName, target: archived} = image;
  const {annotations: _names, ...target} = archived;
  if (names) return [...new Set(names(image))].map(one => ({name: one, target}));
  const given = name ?? refName;
  const chosen = rename && given !== undefined ? rename(given) : name;
  return [chosen === undefined ? {target} : {name: chosen, target}];
}

async function storeMember(
  ctx: CallContext,
  client: ImageServices,
  body: AsyncIterable<Uint8Array>,
  expected: {digest?: string; size: number},
): Promise<{digest: string}> {
  const ref = `import-${expected.digest ?? randomHex(16)}-${randomHex(4)}`;
  const source = (offset: number) => {
    if (offset === 0) return body;
    throw new EngineError('internal', `new ingest "${ref}" has ${offset} bytes`);
  };
  return await ingest(ctx, client, ref, source, expected);
}

async function compressLayer(
  ctx: CallContext,
  client: ImageServices,
  digest: string,
): Promise<{digest: string; size: number}> {
  const gzip = createGzip();
  let size = 0;
  const compressed = async function* () {
    const done = pipeline(readContent(ctx, client, digest), gzip);
    done.catch(() => {}); // the reader of the other end sees it
    for await (const chunk of gzip) {
      size += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
    await done;
  };
  const labels = {'containerd.io/uncompressed': digest};
  const stored = await ingest(ctx, client, `compress-${digest}-${randomHex(4)}`, compressed, {labels});
  return {digest: stored.digest, size};
}

/** Links the blobs for the garbage collector, checks that the wanted platform is whole, and unpacks it. */
async function completeImage(
  ctx: CallContext,
  client: ImageServices,
  target: Descriptor,
  options: ImportOptions,
): Promise<void> {
  await labelTree(ctx, client, target, child => !options.discardLayers || !isLayerType(child.mediaType));
  const {snapshotter, platform, onProgress, syncFs = false, unpack = true} = options;
  const one = {...(snapshotter ? {snapshotter} : {}), ...(platform ? {platform} : {})};
  if (!options.unpacks && !unpack) await readImage(ctx, client, target, platform);
  for (const where of options.unpacks ?? (unpack ? [one] : [])) {
    await unpackImage(ctx, client, {...where, target, syncFs, ...(onProgress ? {onProgress} : {})});
  }
}
