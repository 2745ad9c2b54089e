/** An image store in memory, with the busybox that was recorded. */
import assert from 'node:assert/strict';
import type {Descriptor, Image} from '@longshore/api/oci';
import {callContext} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {defaultPlatform, digestOf, normalizePlatform, platformRank} from '@longshore/oci';
import {EventBus} from '../events/event-bus.ts';
import {ImageDeletion} from './deletion.ts';
import type {ImageParts, ImageRecord, ImageStore} from './image-store.ts';
import {Images} from './images.ts';
import {ImageTransfers} from './transfers.ts';

export const ctx = callContext();

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const configType = 'application/vnd.oci.image.config.v1+json';
const layerType = 'application/vnd.oci.image.layer.v1.tar';

export interface FakeImage {
  target: Descriptor;
  parts: ImageParts;
}

/** An image of one layer; `seed` makes its digests. */
export function fakeImage(
  seed: string,
  config: Partial<Image> = {},
  sizes = {manifest: 400, config: 900, layer: 2000},
): FakeImage {
  const digest = (kind: string) => digestOf(`${seed} ${kind}`);
  const target = {mediaType: manifestType, digest: digest('manifest'), size: sizes.manifest};
  const image: Image = {
    ...defaultPlatform(),
    created: '2026-11-21T01:54:53.094952565Z',
    rootfs: {type: 'layers', diff_ids: [digest('diff')]},
    ...config,
  };
  return {
    target,
    parts: {
      manifest: target,
      configDescriptor: {mediaType: configType, digest: digest('config'), size: sizes.config},
      layers: [{mediaType: layerType, digest: digest('layer'), size: sizes.layer}],
      config: image,
    },
  };
}

/** The image of the recordings made with the containerd image store. */
export function recordedBusybox(): FakeImage {
  const created = '2026-11-21T01:54:53.094952565Z';
  const image = fakeImage(
    'busybox',
    {
      created,
      comment: 'Imported from -',
      config: {
        User: '',
        Env: ['PATH=/bin'],
        Cmd: ['sh'],
        Volumes: null,
        WorkingDir: '',
        Entrypoint: null,
        OnBuild: null,
        Labels: null,
      },
      docker_version: '28.5.2+dfsg4',
      history: [{created, comment: 'Imported from -'}],
      rootfs: {type: 'layers', diff_ids: ['sha256:e202fe6954f940e43ee236b874636ad7fb1baf7d586c56007466105b33bc1cbc']},
    },
    {manifest: 400, config: 904, layer: 2_129_920},
  );
  const digest = 'sha256:fe78b855507a95b255d6390887b961c15a38fbc83804cf13f17929ec383784f0';
  const annotations = {
    'io.containerd.image.name': 'docker.io/library/busybox:latest',
    'org.opencontainers.image.ref.name': 'latest',
  };
  const target = {...image.target, digest, annotations};
  return {target, parts: {...image.parts, manifest: target}};
}

export interface FakeUser {
  id: string;
  running: boolean;
  imageId: string;
}

export function fakeImages(options: {unpackedSize?: number} = {}) {
  const records = new Map<string, ImageRecord>();
  const known = new Map<string, FakeImage>();
  const users: FakeUser[] = [];
  const updatedAt = new Date('2026-11-21T02:33:46.546Z');
  const store: ImageStore = {
    list: async () => [...records.values()],
    get: async (_ctx, name) => records.get(name),
    async put(_ctx, name, target, labels = {}) {
      records.set(name, {name, target, labels, createdAt: updatedAt, updatedAt});
    },
    async remove(_ctx, name) {
      if (!records.delete(name)) throw new EngineError('not-found', `image "${name}": not found`);
    },
    async parts(_ctx, target, platform) {
      const parts = known.get(target.digest)?.parts;
      const fits = parts && (!platform || platformRank(parts.config, normalizePlatform(platform)) !== undefined);
      if (!parts || !fits) throw new EngineError('not-found', 'no content matches');
      return parts;
    },
    async manifests(_ctx, target) {
      const parts = known.get(target.digest)?.parts;
      if (!parts) return [];
      const blobs = [parts.manifest, parts.configDescriptor, ...parts.layers];
      const contentSize = blobs.reduce((sum, {size}) => sum + size, 0);
      return [{descriptor: target, kind: 'image', parts, attests: '', contentSize}];
    },
    ensureUnpacked: async () => {},
    unpackedSizes: async (_ctx, chains) => new Map(chains.map(chain => [chain, options.unpackedSize ?? 100])),
    withLease: (given, action) => action(given),
    load: async () => [],
    async *save() {},
    createFromLayer: async () => unused(),
    pull: async () => unused(),
    remoteTags: async () => unused(),
    push: async () => unused(),
    inspectRemote: async () => unused(),
    login: async () => unused(),
  };
  const events = new EventBus();
  const userPort = () => ({
    usersOf: (imageId: string) =>
      users.filter(user => user.imageId === imageId).map(({id, running}) => ({id, running, name: id, reference: ''})),
  });
  const images = new Images({store, events, users: userPort});
  return {
    store,
    images,
    users,
    deletion: new ImageDeletion({images, store, users: userPort, events}),
    transfers: new ImageTransfers(images, store, async () => assert.fail('nothing is downloaded here')),
    /** Names without their order. */
    names: () => [...records.keys()].sort(),
    async add(image: FakeImage, ...names: string[]) {
      known.set(image.target.digest, image);
      for (const name of names) await store.put(ctx, name, image.target);
      return image.target.digest;
    },
    attributes: () => events.subscribe(0n).past.map(({action, actor}) => [action, actor.attributes]),
    seen: () =>
      events
        .subscribe(0n)
        .past.map(({action, actor}) => `${action} ${actor.attributes.name ?? JSON.stringify(actor.attributes)}`),
  };
}

function unused(): never {
  throw new Error('not part of this test');
}
