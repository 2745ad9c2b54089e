/** Transfers by the same helpers that clients use, on the daemon's own services. */
import type {Descriptor} from '@longshore/api/oci';
import {type CallContext, Semaphore} from '@longshore/base';
import {
  exportArchive,
  fetchImage,
  getImage,
  type ImageServices,
  importArchive,
  pushImage,
  putImage,
  withLease,
} from '@longshore/containerd-client';
import {EngineError} from '@longshore/errdefs';
import {pullReference} from '@longshore/oci';
import {
  describeEndpoint,
  type ExportEndpoint,
  type ImportEndpoint,
  type ProgressListener,
  type RegistryEndpoint,
  type StoreEndpoint,
} from '../../core/transfer/endpoints.ts';
import {importedNames, lookupNames, requiredNames, storeNames} from '../../core/transfer/names.ts';
import type {ImageMover, TransferConfig} from '../../core/transfer/transfers.ts';
import {chosenPlatforms, platformFor, unpacksFor} from './platforms.ts';
import {fullDescriptor, TransferTree} from './progress.ts';
import {withPullLease} from './pull-lease.ts';
import {registryFor, resolveImage, withRegistryErrors} from './registry-for.ts';

export class LocalImageMover implements ImageMover {
  readonly #client: ImageServices;
  readonly #options: TransferConfig;
  readonly #downloads: Semaphore | undefined;
  readonly #uploads: Semaphore | undefined;

  constructor(client: ImageServices, options: TransferConfig) {
    this.#client = client;
    this.#options = options;
    if (options.maxDownloads > 0) this.#downloads = new Semaphore(options.maxDownloads);
    if (options.maxUploads > 0) this.#uploads = new Semaphore(options.maxUploads);
  }

  async pull(ctx: CallContext, from: RegistryEndpoint, to: StoreEndpoint, show: ProgressListener): Promise<void> {
    using registry = registryFor(from, this.#options.hostsDir);
    const source = describeEndpoint(from);
    show({event: `Resolving from ${source}`});
    await withPullLease(ctx, this.#client, from.reference, async leased => {
      const root = await resolveImage(leased, registry, from.reference);
      show({event: `Pulling from ${source}`});
      show({event: 'fetching image content', name: from.reference, descriptor: fullDescriptor(root.descriptor)});
      const tree = new TransferTree(show, from.reference);
      const {target} = await withRegistryErrors(() =>
        fetchImage(leased, this.#client, {
          ...{registry, root, reference: pullReference(from.reference)},
          ...{platforms: to.platforms.map(platformFor), unpacks: unpacksFor(to)},
          ...{allMetadata: to.allMetadata, manifestLimit: to.manifestLimit},
          ...{concurrency: this.#options.maxDownloads, downloads: this.#downloads},
          ...{onChildren: tree.noteChildren, onProgress: tree.onProgress},
        }),
      );
      await this.#store(leased, requiredNames(to, target.digest), target, to, show);
    });
    show({event: `Completed pull from ${source}`});
  }

  async push(ctx: CallContext, from: StoreEndpoint, to: RegistryEndpoint, show: ProgressListener): Promise<void> {
    using registry = registryFor(to, this.#options.hostsDir);
    const {name, target} = await getImage(ctx, this.#client, from.name);
    const descriptor = fullDescriptor(target);
    show({event: `Pushing to ${describeEndpoint(to)}`});
    show({event: 'pushing content', name, descriptor});
    const tree = new TransferTree(show, name);
    await withRegistryErrors(() =>
      pushImage(ctx, this.#client, {
        ...{target, registry, reference: pullReference(to.reference), ...chosenPlatforms(from.platforms)},
        ...(this.#options.maxUploads > 0 ? {concurrency: this.#options.maxUploads} : {}),
        ...{uploads: this.#uploads, onChildren: tree.noteChildren, onProgress: tree.onProgress},
      }),
    );
    show({event: 'pushed content', name, descriptor});
    show({event: `Completed push to ${describeEndpoint(to)}`, descriptor});
  }

  async importImages(ctx: CallContext, from: ImportEndpoint, to: StoreEndpoint, show: ProgressListener): Promise<void> {
    show({event: 'Importing'});
    const hasIndexName = to.name !== '' || to.extraReferences.some(({isPrefix}) => !isPrefix);
    const imported = await importArchive(ctx, this.#client, from.bytes, {
      ...{unpacks: unpacksFor(to), compress: from.compress, labels: {...to.labels}},
      names: ({name, refName, target}) => importedNames(to, name ?? refName, target.digest),
      ...(hasIndexName ? {indexNames: digest => storeNames(to, digest)} : {}),
    });
    for (const {name, target} of imported) {
      if (name !== undefined) show({event: 'saved', name, descriptor: fullDescriptor(target)});
    }
    show({event: 'Completed import'});
  }

  async exportImages(ctx: CallContext, from: StoreEndpoint, to: ExportEndpoint, show: ProgressListener): Promise<void> {
    show({event: 'Exporting'});
    const names = lookupNames(from);
    if (names.length === 0) throw new EngineError('invalid-argument', 'no image to export: invalid argument');
    await withLease(ctx, this.#client, async leased => {
      const images = await Promise.all(names.map(name => getImage(leased, this.#client, name)));
      const {allPlatforms, skipDockerManifest, skipForeignLayers} = to;
      const options = {images, allPlatforms, skipDockerManifest, skipForeignLayers, ...chosenPlatforms(to.platforms)};
      await to.write(exportArchive(leased, this.#client, options));
    });
    show({event: 'Completed export'});
  }

  async tag(ctx: CallContext, from: StoreEndpoint, to: StoreEndpoint): Promise<void> {
    await withLease(ctx, this.#client, async leased => {
      const {target} = await getImage(leased, this.#client, from.name);
      await this.#store(leased, requiredNames(to, target.digest), target, to, () => {});
    });
  }

  async #store(
    ctx: CallContext,
    names: readonly string[],
    target: Descriptor,
    {labels}: StoreEndpoint,
    show: ProgressListener,
  ): Promise<void> {
    for (const name of names) {
      await putImage(ctx, this.#client, {name, target, labels: {...labels}});
      show({event: 'saved', name, descriptor: fullDescriptor(target)});
    }
  }
}
