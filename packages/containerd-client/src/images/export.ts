/** Images as a tar archive in the OCI layout, with the manifest.json that `docker load` of any age reads. */
import type {Descriptor, Platform} from '@longshore/api/oci';
import type {CallContext} from '@longshore/base';
import {isErrorCode} from '@longshore/errdefs';
import {type ArchiveBlob, type ArchiveImage, writeImageArchive} from '@longshore/oci';
import type {ImageServices} from '../client.ts';
import {readContent} from '../content/reader.ts';
import {readImage, walkContent} from './read.ts';

export interface ExportOptions {
  images: readonly {target: Descriptor; name?: string}[];
  /** Only this platform of each image; everything that is present by default. */
  platform?: Platform;
  /** Leaves out manifest.json. */
  skipDockerManifest?: boolean;
}

/** Streams the archive at the consumer's pace. Throws `not-found` before the first byte when an image is incomplete. */
export async function* exportArchive(
  ctx: CallContext,
  client: ImageServices,
  options: ExportOptions,
): AsyncGenerator<Uint8Array, void, void> {
  const images: ArchiveImage[] = [];
  const blobs = new Map<string, ArchiveBlob>();
  for (const image of options.images) {
    const prepared = await prepareImage(ctx, client, image, options);
    images.push(prepared);
    for await (const {digest, size} of walkContent(ctx, client, prepared.target)) {
      blobs.set(digest, {digest, size, open: () => readContent(ctx, client, digest)});
    }
  }
  yield* writeImageArchive(images, blobs.values());
}

/** Narrowed to one manifest where a platform is asked for. An index without this machine's platform goes as it is. */
async function prepareImage(
  ctx: CallContext,
  client: ImageServices,
  {target, name}: {target: Descriptor; name?: string},
  options: ExportOptions,
): Promise<ArchiveImage> {
  const image = {target, name, docker: undefined};
  try {
    const {manifest, manifestJson} = await readImage(ctx, client, target, options.platform);
    const docker = {config: manifestJson.config, layers: manifestJson.layers};
    const chosen = options.platform ? {...image, target: manifest} : image;
    return options.skipDockerManifest ? chosen : {...chosen, docker};
  } catch (error) {
    if (options.platform || !isErrorCode(error, 'not-found')) throw error;
    await client.content.info(ctx, {digest: target.digest});
    return image;
  }
}
