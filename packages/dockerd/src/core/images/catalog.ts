/** Images by id: one image may have several names, or none. */
import type {Descriptor} from '@longshore/api/oci';
import type {CallContext} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {
  familiarReference,
  formatReference,
  isDigest,
  parseReference,
  repositoryName,
  withDefaultTag,
} from '@longshore/oci';
import type {ImageRecord, ImageStore} from './image-store.ts';
import {isDangling, referenceOf} from './names.ts';

export interface CatalogImage {
  /** Digest of the manifest or index: the image's id. */
  id: string;
  target: Descriptor;
  /** All records of the image, the dangling one among them only when there is no other. */
  records: ImageRecord[];
}

export interface FoundImage extends CatalogImage {
  /** The record that the reference names; undefined when it was found by id. */
  named: ImageRecord | undefined;
}

export class ImageCatalog {
  readonly #store: ImageStore;

  constructor(store: ImageStore) {
    this.#store = store;
  }

  async list(ctx: CallContext): Promise<CatalogImage[]> {
    return groupById(await this.#store.list(ctx));
  }

  /**
   * By name, `name@digest`, id or a prefix of one. Throws `not-found` (`No such image: nosuch:latest`), or
   * `invalid-argument` for what can be neither.
   */
  async find(ctx: CallContext, reference: string): Promise<FoundImage> {
    const named = await this.findNamed(ctx, reference);
    if (named) return await this.#complete(ctx, named.target, named);
    const images = await this.list(ctx);
    const found = findDigested(images, reference) ?? findById(images, reference);
    if (found) return found;
    throw notFound(reference);
  }

  /** The record of exactly this name, `latest` if it has no tag. */
  async findNamed(ctx: CallContext, reference: string): Promise<ImageRecord | undefined> {
    if (isDangling(reference)) return await this.#store.get(ctx, reference);
    if (isId(reference)) return undefined;
    return await this.#store.get(ctx, formatReference(withDefaultTag(parseReference(reference))));
  }

  async #complete(ctx: CallContext, target: Descriptor, named: ImageRecord): Promise<FoundImage> {
    const images = await this.list(ctx);
    const image = images.find(({id}) => id === target.digest);
    return {...(image ?? {id: target.digest, target, records: [named]}), named};
  }
}

export function notFound(reference: string): EngineError {
  const shown = isId(reference) ? reference : familiarReference(withDefaultTag(parseReference(reference)));
  return new EngineError('not-found', `No such image: ${shown}`);
}

export function groupById(records: readonly ImageRecord[]): CatalogImage[] {
  const images = new Map<string, CatalogImage>();
  for (const record of records) {
    const {target} = record;
    const image = images.get(target.digest) ?? {id: target.digest, target, records: []};
    image.records.push(record);
    images.set(target.digest, image);
  }
  for (const image of images.values()) {
    const proper = image.records.filter(({name}) => !isDangling(name));
    if (proper.length > 0) image.records = proper;
  }
  return [...images.values()];
}

/** A whole id, which can be no name. */
function isId(reference: string): boolean {
  return isDigest(reference) || /^[0-9a-f]{64}$/.test(reference);
}

/** `name@sha256:…`: the image with this digest, if a name of the repository points at it. */
function findDigested(images: readonly CatalogImage[], reference: string): FoundImage | undefined {
  if (isId(reference)) return undefined;
  const wanted = parseReference(reference);
  const image = wanted.digest === undefined ? undefined : images.find(({id}) => id === wanted.digest);
  const named = image?.records.find(record => {
    const other = referenceOf(record);
    return other !== undefined && repositoryName(other) === repositoryName(wanted);
  });
  return image && named ? {...image, named} : undefined;
}

/** Throws `not-found` when the prefix fits several. */
function findById(images: readonly CatalogImage[], reference: string): FoundImage | undefined {
  const prefix = /^(?:sha256:)?([0-9a-f]{1,64})$/.exec(reference)?.[1];
  if (prefix === undefined) return undefined;
  const matches = images.filter(({id}) => id.startsWith(`sha256:${prefix}`));
  if (matches.length > 1) throw new EngineError('not-found', 'ambiguous reference');
  return matches[0] && {...matches[0], named: undefined};
}
