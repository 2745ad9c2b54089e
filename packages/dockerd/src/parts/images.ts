/** Composes the images part. */
import type {ContainerdClient} from '@longshore/containerd-client';
import {defaultSnapshotter} from '@longshore/containerd-client';
import type {Config} from '../config/config.ts';
import type {EventBus} from '../core/events/event-bus.ts';
import {ImageDeletion} from '../core/images/deletion.ts';
import {Images} from '../core/images/images.ts';
import {ImageTransfers} from '../core/images/transfers.ts';
import type {ImageUsers} from '../core/ports/image-service.ts';
import {openImageStore} from '../drivers/images/containerd-images.ts';
import type {ImagesBackend} from '../http/images/routes.ts';

export interface ImagesOptions {
  client: ContainerdClient;
  config: Config;
  events: EventBus;
  users: () => ImageUsers;
}

export function openImages({client, config, events, users}: ImagesOptions): ImagesBackend {
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
  return {
    images,
    deletion: new ImageDeletion({images, store, users, events}),
    transfers: new ImageTransfers(images, store),
    snapshotter: defaultSnapshotter,
  };
}
