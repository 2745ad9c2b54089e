/** Composes the images part. */
import type {CallContext} from '@longshore/base';
import type {ContainerdClient} from '@longshore/containerd-client';
import {defaultSnapshotter} from '@longshore/containerd-client';
import type {Config} from '../config/config.ts';
import type {EventBus} from '../core/events/event-bus.ts';
import {ImageDeletion} from '../core/images/deletion.ts';
import {Images} from '../core/images/images.ts';
import {ImageTransfers} from '../core/images/transfers.ts';
import type {ImageUsers} from '../core/ports/image-service.ts';
import {openImageStore} from '../drivers/images/containerd-images.ts';
import {removeTransferLeases} from '../drivers/images/transfer-leases.ts';
import type {ImagesBackend} from '../http/images/routes.ts';

export interface ImagesOptions {
  client: ContainerdClient;
  config: Config;
  events: EventBus;
  users: () => ImageUsers;
}

export async function openImages(ctx: CallContext, options: ImagesOptions): Promise<ImagesBackend> {
  const {client, config, events, users} = options;
  await removeTransferLeases(ctx, client);
  const store = openImageStore({
    client,
    snapshotter: defaultSnapshotter,
    registry: {
      insecure: config.insecureRegistries,
      mirrors: config.registryMirrors,
      certsDir: '/etc/docker/certs.d',
      maxDownloads: config.maxConcurrentDownloads,
      maxUploads: config.maxConcurrentUploads,
    },
  });
  const images = new Images({store, events, users});
  await images.reconcile(ctx);
  return {
    images,
    deletion: new ImageDeletion({images, store, users, events}),
    transfers: new ImageTransfers(images, store),
    snapshotter: defaultSnapshotter,
  };
}
