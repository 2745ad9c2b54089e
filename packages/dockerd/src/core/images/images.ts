/** Finding, listing, describing and naming images. */
import type {Descriptor, Platform as OciPlatform} from '@longshore/api/oci';
import type {CallContext} from '@longshore/base';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {
  chainId,
  chainIds,
  defaultPlatform,
  familiarName,
  familiarReference,
  formatPlatform,
  formatReference,
  normalizePlatform,
  parsePlatform,
  parseReference,
  platformRank,
  withDefaultTag,
  withTag,
} from '@longshore/oci';
import {containerConfig} from '../containers/documents/container-config.ts';
import type {EventBus} from '../events/event-bus.ts';
import type {ImageService, ImageUsers, ResolvedImage} from '../ports/image-service.ts';
import {type CatalogImage, type FoundImage, ImageCatalog, notFound} from './catalog.ts';
import type {ImageManifest, ImageParts, ImageStore} from './image-store.ts';
import {forget, moveName} from './move-name.ts';
import {isDangling, repoTags} from './names.ts';
import {parentLabel, parentOf} from './parent.ts';
import {type ImageUsage, imageUsage} from './sizes.ts';

export interface ImagesParts {
  store: ImageStore;
  events: EventBus;
  users: () => ImageUsers;
}

/** An image with one of its platforms. */
export interface ImageDetails {
  image: FoundImage;
  parts: ImageParts;
  usage: ImageUsage;
}

export interface HistoryStep {
  /** Empty for a step that no image of its own stands for. */
  id: string;
  /** RFC 3339, or empty. */
  created: string;
  createdBy: string;
  comment: string;
  /** Bytes of the step's layer when unpacked. */
  size: number;
  tags: string[];
}

export class Images implements ImageService {
  readonly #parts: ImagesParts;
  readonly #catalog: ImageCatalog;

  constructor(parts: ImagesParts) {
    this.#parts = parts;
    this.#catalog = new ImageCatalog(parts.store);
  }

  async resolve(ctx: CallContext, reference: string, platform: string): Promise<ResolvedImage> {
    const {store} = this.#parts;
    const wanted = platform === '' ? undefined : platformOf(platform);
    const named = await this.#catalog.findNamed(ctx, reference);
    const {target} = named ?? (await this.#catalog.find(ctx, reference));
    const parts = await this.#partsFor(ctx, reference, {id: target.digest, target, records: []}, wanted);
    await store.ensureUnpacked(ctx, target, parts);
    const {mediaType, digest, size} = parts.manifest;
    const {os, architecture, variant} = normalizePlatform(parts.config);
    return {
      id: target.digest,
      name: named?.name ?? '',
      platform: {os, architecture, ...(variant ? {variant} : {})},
      chainId: chainId(parts.config.rootfs.diff_ids),
      config: containerConfig.decode(parts.config.config ?? {}, ''),
      manifest: {mediaType, digest, size},
    };
  }

  async find(ctx: CallContext, reference: string): Promise<FoundImage> {
    return await this.#catalog.find(ctx, reference);
  }

  async list(ctx: CallContext): Promise<CatalogImage[]> {
    return await this.#catalog.list(ctx);
  }

  /** Ids of the image and of all that are built on it. */
  async withDescendants(ctx: CallContext, {target}: CatalogImage): Promise<string[]> {
    const {store} = this.#parts;
    const chains = async (each: Descriptor) =>
      (await store.manifests(ctx, each)).flatMap(({parts}) => (parts ? [parts.config.rootfs.diff_ids] : []));
    const bases = await chains(target);
    const isBelow = (chain: string[]) =>
      bases.some(base => base.length > 0 && base.every((layer, i) => chain[i] === layer));
    const images = await this.#catalog.list(ctx);
    const found = await Promise.all(
      images.map(async each => ((await chains(each.target)).some(isBelow) ? [each.id] : [])),
    );
    return [...new Set([target.digest, ...found.flat()])];
  }

  async count(ctx: CallContext): Promise<number> {
    return (await this.#catalog.list(ctx)).length;
  }

  /** The platform asked for, else this machine's, else any that is here. */
  async describe(ctx: CallContext, reference: string, platform?: OciPlatform): Promise<ImageDetails> {
    const image = await this.#catalog.find(ctx, reference);
    const usage = await imageUsage(ctx, this.#parts.store, image);
    const parts = platform
      ? await this.#partsFor(ctx, reference, image, platform)
      : (bestParts(usage.manifests) ?? (await this.#partsFor(ctx, reference, image, undefined)));
    return {image, parts, usage};
  }

  async usage(ctx: CallContext, image: CatalogImage): Promise<ImageUsage> {
    return await imageUsage(ctx, this.#parts.store, image);
  }

  /** This machine's platform, else any that is here. */
  bestParts(usage: ImageUsage): ImageParts | undefined {
    return bestParts(usage.manifests);
  }

  /** Ids of the containers that were made from the image. */
  containersOf(imageId: string): string[] {
    return this.#parts
      .users()
      .usersOf(imageId)
      .map(({id}) => id);
  }

  /** Newest step first. */
  async history(ctx: CallContext, reference: string, platform?: OciPlatform): Promise<HistoryStep[]> {
    const {image, parts, usage} = await this.describe(ctx, reference, platform);
    const chains = chainIds(parts.config.rootfs.diff_ids);
    let layer = 0;
    const steps = (parts.config.history ?? []).map(step => ({
      id: '',
      created: step.created ?? '',
      createdBy: step.created_by ?? '',
      comment: step.comment ?? '',
      size: step.empty_layer ? 0 : (usage.layers.get(chains[layer++] ?? '') ?? 0),
      tags: [] as string[],
    }));
    const newestFirst = steps.reverse();
    const [top] = newestFirst;
    if (top) Object.assign(top, {id: image.id, tags: repoTags(image.records)});
    return newestFirst;
  }

  /** Gives an image one more name. Throws `not-found`, `invalid-argument`. */
  async tag(ctx: CallContext, reference: string, repository: string, tag: string): Promise<void> {
    const bare = parseReference(repository);
    const wanted = withDefaultTag(tag === '' ? bare : withTag(bare, tag));
    if (wanted.digest !== undefined) {
      throw new EngineError('invalid-argument', 'refusing to create a tag with a digest reference');
    }
    if (familiarName(wanted) === 'sha256') {
      const message = 'refusing to create an ambiguous tag using digest algorithm as name';
      throw new EngineError('invalid-argument', message);
    }
    const image = await this.#catalog.find(ctx, reference);
    await moveName(ctx, this.#parts.store, formatReference(wanted), image.target, parentLabel(parentOf(image.records)));
    await this.announce(ctx, 'tag', image.target, familiarReference(wanted));
  }

  /** At the start of the daemon: a killed one may have kept an image as nameless that has a name after all. */
  async reconcile(ctx: CallContext): Promise<void> {
    const {store} = this.#parts;
    const records = await store.list(ctx);
    const named = new Set(records.flatMap(({name, target}) => (isDangling(name) ? [] : [target.digest])));
    for (const {name, target} of records) {
      if (isDangling(name) && named.has(target.digest)) await forget(ctx, store, name);
    }
  }

  /** Sends an event of an image that is here: with its labels, and its id where no name is given. */
  async announce(ctx: CallContext, action: string, target: Descriptor, name = target.digest): Promise<void> {
    this.announceWith(await this.labelsOf(ctx, target), action, target.digest, name);
  }

  /** The same of an image that may be gone. */
  announceWith(labels: Record<string, string>, action: string, id: string, name = id): void {
    this.#parts.events.publish('image', action, id, {...labels, name});
  }

  /** Of this machine's platform, else of any that is here; none of an image that is not. */
  async labelsOf(ctx: CallContext, target: Descriptor): Promise<Record<string, string>> {
    try {
      const parts = bestParts(await this.#parts.store.manifests(ctx, target));
      return parts?.config.config?.Labels ?? {};
    } catch (error) {
      if (!isErrorCode(error, 'not-found')) throw error;
      return {};
    }
  }

  async #partsFor(ctx: CallContext, reference: string, image: CatalogImage, platform: OciPlatform | undefined) {
    try {
      return await this.#parts.store.parts(ctx, image.target, platform);
    } catch (error) {
      if (!isErrorCode(error, 'not-found')) throw error;
      throw await this.#platformError(ctx, reference, image, platform, error);
    }
  }

  async #platformError(
    ctx: CallContext,
    reference: string,
    image: CatalogImage,
    platform: OciPlatform | undefined,
    cause: unknown,
  ): Promise<EngineError> {
    const manifests = await this.#parts.store.manifests(ctx, image.target);
    const [first, ...others] = manifests.flatMap(({parts}) => (parts ? [parts.config] : []));
    const wanted = formatPlatform(platform ? normalizePlatform(platform) : defaultPlatform());
    if (!first) return new EngineError('not-found', notFound(reference).message, {cause});
    const found = `image with reference ${reference} was found but`;
    const message =
      others.length === 0
        ? `${found} its platform (${formatPlatform(normalizePlatform(first))}) does not match the specified platform (${wanted})`
        : `${found} does not provide the specified platform (${wanted})`;
    return new EngineError('not-found', message, {cause});
  }
}

/** Reads `os[/arch[/variant]]`. Throws `invalid-argument`. */
export function platformOf(text: string): OciPlatform {
  const {osVersion, ...platform} = parsePlatform(text);
  return {...platform, ...(osVersion ? {'os.version': osVersion} : {})};
}

function bestParts(manifests: readonly ImageManifest[]): ImageParts | undefined {
  const here = manifests.flatMap(({kind, parts}) => (kind === 'image' && parts ? [parts] : []));
  const rank = (parts: ImageParts) => platformRank(parts.config, defaultPlatform()) ?? Number.MAX_SAFE_INTEGER;
  return here.sort((a, b) => rank(a) - rank(b))[0];
}
