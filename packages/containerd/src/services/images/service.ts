import {type Image, ImagesDefinition} from '@longshore/api/gen/containerd/services/images/v1/images';
import {EngineError} from '@longshore/errdefs';
import type {ImageInput, Images} from '../../core/images/images.ts';
import type {ImageRecord} from '../../core/metadata/records.ts';
import {descriptorFromWire, descriptorToWire} from '../convert.ts';
import {type ServedService, serve} from '../serve.ts';

export function imagesService(images: Images): ServedService {
  return serve(ImagesDefinition, {
    async get(ctx, {name}) {
      return {image: toWire(await images.get(ctx, name))};
    },
    async list(ctx, {filters}) {
      return {images: (await images.list(ctx, filters)).map(toWire)};
    },
    async create(ctx, {image, sourceDateEpoch}) {
      return {image: toWire(await images.create(ctx, fromWire(image), sourceDateEpoch))};
    },
    async update(ctx, {image, updateMask, sourceDateEpoch}) {
      return {image: toWire(await images.update(ctx, fromWire(image), updateMask ?? [], sourceDateEpoch))};
    },
    async delete(ctx, {name, sync, target}) {
      await images.delete(ctx, name, {sync, ...(target && {target: descriptorFromWire(target)})});
      return {};
    },
  });
}

function toWire(record: ImageRecord): Image {
  return {...record, labels: {...record.labels}, target: descriptorToWire(record.target)};
}

function fromWire(image: Image | undefined): ImageInput {
  if (!image) throw new EngineError('invalid-argument', 'image is required: invalid argument');
  return {name: image.name, labels: image.labels, target: descriptorFromWire(image.target)};
}
