/** An image from a registry: content, snapshots, record. */
import type {Descriptor, Platform} from '@longshore/api/oci';
import type {CallContext} from '@longshore/base';
import {defaultPlatform, formatReference, type Reference, type Registry} from '@longshore/oci';
import type {ImageServices} from '../client.ts';
import {withLease} from '../leases.ts';
import {fetchImage} from './fetch-image.ts';
import type {ProgressListener} from './progress.ts';
import {readImage} from './read.ts';
import {type ImageRecord, putImage} from './record.ts';

export interface PullOptions {
  /** With a tag or a digest; `pullReference` makes one of what a person wrote. */
  reference: Reference;
  registry: Registry;
  /** This machine's by default. */
  platform?: Platform;
  /** Fetch everything that an index lists; only `platform` is unpacked. */
  allPlatforms?: boolean;
  /** Also manifests and configurations of the platforms that are not fetched. */
  allMetadata?: boolean;
  snapshotter?: string;
  /** True by default. */
  unpack?: boolean;
  /** Flush each layer to disk as it is unpacked. */
  syncFs?: boolean;
  /** False makes no record of the image; the caller does, under a lease of its own. */
  records?: boolean;
  /** Labels of the image's record. */
  labels?: Record<string, string>;
  /** Layers downloaded at the same time; 3 by default. */
  concurrency?: number;
  onProgress?: ProgressListener;
}

export interface PulledImage {
  /** What the reference points at: an index or a manifest. */
  target: Descriptor;
  /** Undefined without records. */
  image: ImageRecord | undefined;
  /** The manifest of the platform; the target itself unless that is an index. */
  manifest: Descriptor;
  /** Topmost snapshot; empty without unpacking. */
  chainId: string;
}

/**
 * Layers are unpacked while others still download. The record is made at the end, so a name never points at half an
 * image; what a failed pull has fetched is kept for a while, and used by the next one. Throws the registry's refusals
 * as `RegistryError`.
 */
export async function pullImage(ctx: CallContext, client: ImageServices, options: PullOptions): Promise<PulledImage> {
  const {platform, snapshotter, allPlatforms, unpack = true} = options;
  return await withLease(ctx, client, async leased => {
    const where = {...(platform ? {platform} : {}), ...(snapshotter ? {snapshotter} : {})};
    const {target, chainIds} = await fetchImage(leased, client, {
      ...options,
      platforms: allPlatforms ? [] : [platform ?? defaultPlatform()],
      unpacks: unpack ? [where] : [],
    });
    const {manifest} = await readImage(leased, client, target, platform);
    const image = options.records === false ? undefined : await record(leased, client, target, options);
    return {target, image, manifest, chainId: chainIds[0] ?? ''};
  });
}

async function record(
  ctx: CallContext,
  client: ImageServices,
  target: Descriptor,
  {reference, labels, onProgress}: PullOptions,
): Promise<ImageRecord> {
  const name = formatReference(reference);
  const image = await putImage(ctx, client, {name, target, ...(labels ? {labels} : {})});
  onProgress?.({type: 'image', name, target});
  return image;
}
