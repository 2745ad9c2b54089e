/** The records of images: a name and what it points at. */
import type {Image as WireImage} from '@longshore/api/gen/containerd/services/images/v1/images';
import type {Descriptor as WireDescriptor} from '@longshore/api/gen/containerd/types/descriptor';
import type {Descriptor} from '@longshore/api/oci';
import type {CallContext} from '@longshore/base';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import type {ImageServices} from '../client.ts';
import {toDate} from '../time.ts';

export interface ImageRecord {
  name: string;
  labels: Record<string, string>;
  target: Descriptor;
  createdAt: Date;
  updatedAt: Date;
}

/** What is needed to make a record. */
export interface NewImage {
  name: string;
  target: Descriptor;
  labels?: Record<string, string>;
}

/** Throws `not-found` with the original's text. */
export async function getImage(ctx: CallContext, client: ImageServices, name: string): Promise<ImageRecord> {
  const {image} = await client.images.get(ctx, {name});
  if (!image) throw new EngineError('not-found', `image "${name}": not found`);
  return fromWire(image);
}

/** Those that any of the filters lets through; all without filters. */
export async function listImages(
  ctx: CallContext,
  client: ImageServices,
  filters: readonly string[] = [],
): Promise<ImageRecord[]> {
  const {images} = await client.images.list(ctx, {filters: [...filters]});
  return images.map(fromWire);
}

/** Throws `already-exists` when the name is taken. */
export async function createImage(ctx: CallContext, client: ImageServices, image: NewImage): Promise<ImageRecord> {
  const created = await client.images.create(ctx, {image: toWire(image)});
  return fromWire(required(created.image, image.name));
}

/** Creates the record, or points an existing one at the new target with the new labels. */
export async function putImage(ctx: CallContext, client: ImageServices, image: NewImage): Promise<ImageRecord> {
  try {
    return await createImage(ctx, client, image);
  } catch (error) {
    if (!isErrorCode(error, 'already-exists')) throw error;
  }
  const updateMask = ['target', ...(image.labels ? ['labels'] : [])];
  try {
    const updated = await client.images.update(ctx, {image: toWire(image), updateMask});
    return fromWire(required(updated.image, image.name));
  } catch (error) {
    // Deleted by somebody between our two calls: then there is room for it.
    if (!isErrorCode(error, 'not-found')) throw error;
    return await createImage(ctx, client, image);
  }
}

/**
 * Removes the name; what only it kept is collected later, or before this resolves with `sync`. With `target` only if
 * the name still points there.
 */
export async function deleteImage(
  ctx: CallContext,
  client: ImageServices,
  name: string,
  options: {sync?: boolean; target?: Descriptor} = {},
): Promise<void> {
  const target = options.target ? {target: descriptorToWire(options.target)} : {};
  await client.images.delete(ctx, {name, sync: options.sync ?? false, ...target});
}

export function descriptorToWire(descriptor: Descriptor): WireDescriptor {
  const {mediaType, digest, size, annotations} = descriptor;
  return {mediaType, digest, size: BigInt(size), annotations: {...annotations}};
}

export function descriptorFromWire({mediaType, digest, size, annotations}: WireDescriptor): Descriptor {
  const some = Object.keys(annotations).length > 0;
  return {mediaType, digest, size: Number(size), ...(some ? {annotations} : {})};
}

function toWire({name, target, labels}: NewImage): Pick<WireImage, 'name' | 'labels' | 'target'> {
  return {name, labels: {...labels}, target: descriptorToWire(target)};
}

function fromWire(image: WireImage): ImageRecord {
  const target = descriptorFromWire(required(image.target, image.name));
  const epoch = new Date(0);
  const createdAt = toDate(image.createdAt) ?? epoch;
  return {name: image.name, labels: image.labels, target, createdAt, updatedAt: toDate(image.updatedAt) ?? createdAt};
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new EngineError('internal', `containerd gave an incomplete record of image "${name}"`);
  return value;
}
