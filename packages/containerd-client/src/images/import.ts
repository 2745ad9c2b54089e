/** `docker save` archives (old and new) and OCI layouts into containerd, in one pass and bounded memory. */
import type {Descriptor, Platform} from '@longshore/api/oci';
import {type CallContext, randomHex} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {type ArchivedImage, isIndexType, isManifestType, readImageArchive} from '@longshore/oci';
import type {ImageServices} from '../client.ts';
import {ingest} from '../content/ingest.ts';
import {withLease} from '../leases.ts';
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
  /**
   * Gives the name of an image's record, or undefined to make none. It gets the name in the archive, which may be a tag
   * only (`latest`); without it, images with a full name keep that and others have none.
   */
  rename?: (name: string) => string | undefined;
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
    });
    const targets = new Map(images.map(({target}) => [target.digest, target]));
    for (const target of targets.values()) await completeImage(leased, client, target, options);
    const imported = images.map(image => toImported(image, options));
    for (const {name, target} of imported) {
      if (name === undefined || options.records === false) continue;
      await putImage(leased, client, {name, target});
      options.onProgress?.({type: 'image', name, target});
    }
    return imported;
  });
}

/** Annotations of the archive's index tell names, which the record does itself. */
function toImported({name, refName, target: archived}: ArchivedImage, {rename}: ImportOptions): ImportedImage {
  const {annotations: _names, ...target} = archived;
  const given = name ?? refName;
  const chosen = rename && given !== undefined ? rename(given) : name;
  return chosen === undefined ? {target} : {name: chosen, target};
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

/** Links the blobs for the garbage collector, checks that the wanted platform is whole, and unpacks it. */
async function completeImage(
  ctx: CallContext,
  client: ImageServices,
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

async function labelTree(ctx: CallContext, client: ImageServices, blob: Descriptor): Promise<void> {
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
