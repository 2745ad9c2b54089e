/** Images as containerd keeps them. */
import type {Platform} from '@longshore/api/oci';
import type {CallContext} from '@longshore/base';
import {
  type ContainerdClient,
  deleteImage,
  exportArchive,
  getImage,
  importArchive,
  listImages,
  putImage,
  unpackImage,
} from '@longshore/containerd-client';
import {isErrorCode} from '@longshore/errdefs';
import {chainId, formatReference, parseReference, withDefaultTag} from '@longshore/oci';
import type {ImageStore} from '../../core/images/image-store.ts';
import {createFromLayer} from './layer-image.ts';
import {ManifestReader} from './manifest-reader.ts';
import {type RegistryOptions, registryTransfers} from './registry-transfers.ts';
import {hasSnapshot, unpackedSizes} from './snapshot-sizes.ts';
import {spaceErrors} from './space-errors.ts';
import {withTransferLease} from './transfer-leases.ts';

export interface ContainerdImagesOptions {
  client: ContainerdClient;
  snapshotter: string;
  registry: RegistryOptions;
}

export function openImageStore({client, snapshotter, registry}: ContainerdImagesOptions): ImageStore {
  const reader = new ManifestReader(client);
  const transfers = registryTransfers(client, snapshotter, registry);
  return {
    list: ctx => listImages(ctx, client),
    async get(ctx, name) {
      try {
        return await getImage(ctx, client, name);
      } catch (error) {
        if (isErrorCode(error, 'not-found')) return undefined;
        throw error;
      }
    },
    async put(ctx, name, target, labels = {}) {
      await putImage(ctx, client, {name, target, labels});
    },
    remove: (ctx, name, options) => deleteImage(ctx, client, name, options),
    parts: (ctx, target, platform) => reader.parts(ctx, target, platform),
    manifests: (ctx, target) => reader.manifests(ctx, target),
    async ensureUnpacked(ctx, target, {config, manifest}) {
      if (await hasSnapshot(ctx, client, snapshotter, chainId(config.rootfs.diff_ids))) return;
      const isIndex = manifest.digest !== target.digest;
      await unpackImage(ctx, client, {target: isIndex ? manifest : target, snapshotter, syncFs: true});
    },
    unpackedSizes: (ctx, chains) => unpackedSizes(ctx, client, snapshotter, chains),
    withLease: (ctx, action) => withTransferLease(ctx, client, action),
    load: (ctx, archive, platform) => spaceErrors(() => load(ctx, client, snapshotter, archive, platform)),
    save: (ctx, images, platform) =>
      exportArchive(ctx, client, {
        images: images.map(({name, target}) => (name === '' ? {target} : {name, target})),
        ...(platform ? {platform} : {}),
      }),
    createFromLayer: (ctx, image) => spaceErrors(() => createFromLayer(ctx, client, snapshotter, image)),
    pull: (ctx, options) => spaceErrors(() => transfers.pull(ctx, options)),
    remoteTags: (ctx, repository, credentials) => transfers.remoteTags(ctx, repository, credentials),
    push: (ctx, target, options) => transfers.push(ctx, target, options),
    inspectRemote: (ctx, reference, credentials) => transfers.inspectRemote(ctx, reference, credentials),
    login: (ctx, domain, credentials) => transfers.login(ctx, domain, credentials),
  };
}

async function load(
  ctx: CallContext,
  client: ContainerdClient,
  snapshotter: string,
  archive: AsyncIterable<Uint8Array>,
  platform: Platform | undefined,
) {
  const images = await importArchive(ctx, client, archive, {
    snapshotter,
    syncFs: true,
    records: false,
    rename: fullName,
    ...(platform ? {platform} : {}),
  });
  return images.map(({name = '', target}) => ({name, target}));
}

/** The name in full; undefined for one that an image cannot have, and for a tag alone. */
function fullName(name: string): string | undefined {
  if (!/[:/@]/.test(name)) return undefined;
  try {
    return formatReference(withDefaultTag(parseReference(name)));
  } catch {
    return undefined;
  }
}
