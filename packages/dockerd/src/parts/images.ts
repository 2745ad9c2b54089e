/** Composes the images part. */
import type {CallContext} from '@longshore/base';
import type {ContainerdClient} from '@longshore/containerd-client';
import type {Config} from '../config/config.ts';
import type {EventBus} from '../core/events/event-bus.ts';
import {ImageDeletion} from '../core/images/deletion.ts';
import {Images} from '../core/images/images.ts';
import {ImageTransfers} from '../core/images/transfers.ts';
import type {ImageUsers} from '../core/ports/image-service.ts';
import {openImageStore} from '../drivers/images/containerd-images.ts';
import {download} from '../drivers/images/download.ts';
import type {RegistryOptions} from '../drivers/images/registry-transfers.ts';
import {removeTransferLeases} from '../drivers/images/transfer-leases.ts';
import type {ImagesBackend} from '../http/images/routes.ts';

export interface ImagesOptions {
  client: ContainerdClient;
  /** Name of the snapshotter that images are unpacked with. */
  snapshotter: string;
  config: Config;
  events: EventBus;
  users: () => ImageUsers;
}

export interface ImagesPart extends ImagesBackend {
  /** Takes over the values that a reload may change. */
  reconfigure(config: Config): void;
}

export async function openImages(ctx: CallContext, options: ImagesOptions): Promise<ImagesPart> {
  const {client, snapshotter, config, events, users} = options;
  await removeTransferLeases(ctx, client);
  const registry = registryOptions(config);
  const store = openImageStore({client, snapshotter, registry});
  const images = new Images({store, events, users});
  await images.reconcile(ctx);
  return {
    images,
    deletion: new ImageDeletion({images, store, users, events}),
    transfers: new ImageTransfers(images, store, download),
    snapshotter,
    // The object is asked anew for every transfer.
    reconfigure: next => void Object.assign(registry, registryOptions(next)),
  };
}

function registryOptions(config: Config): RegistryOptions {
  return {
    insecure: config.insecureRegistries,
    mirrors: config.registryMirrors,
    certsDir: '/etc/docker/certs.d',
    maxDownloads: config.maxConcurrentDownloads,
    maxUploads: config.maxConcurrentUploads,
    maxAttempts: Math.max(1, config.maxDownloadAttempts),
  };
}
