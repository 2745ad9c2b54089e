/** Image records: a name for a descriptor in the content store. */
import type {CallContext} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {EventPublisher} from '../events/events.ts';
import {parseMaskPath, updateMap, withoutEmpty} from '../field-mask.ts';
import {type Fields, mapField, parseFilters} from '../filters/filter.ts';
import type {CollectorTriggers} from '../gc/triggers.ts';
import type {Descriptor, ImageRecord} from '../metadata/records.ts';
import type {MetadataStore} from '../metadata/store.ts';
import {checkDigest, checkLabels, quote} from '../names.ts';
import {now, type Timestamp} from '../time.ts';

export type ImageInput = Omit<ImageRecord, 'createdAt' | 'updatedAt'>;

export class Images {
  readonly #metadata: MetadataStore;
  readonly #events: EventPublisher;
  readonly #collector: CollectorTriggers;

  constructor(metadata: MetadataStore, events: EventPublisher, collector: CollectorTriggers) {
    this.#metadata = metadata;
    this.#events = events;
    this.#collector = collector;
  }

  async get(ctx: CallContext, name: string): Promise<ImageRecord> {
    return this.#find(ctx.namespace, name);
  }

  async list(ctx: CallContext, filters: readonly string[]): Promise<ImageRecord[]> {
    const filter = parseFilters(filters);
    return this.#metadata.images.list(ctx.namespace).filter(record => filter(imageFields(record)));
  }

  /** `time` replaces the clock, for reproducible images. */
  async create(ctx: CallContext, input: ImageInput, time: Timestamp = now()): Promise<ImageRecord> {
    const record: ImageRecord = {...input, labels: withoutEmpty(input.labels), createdAt: time, updatedAt: time};
    checkImage(record);
    this.#metadata.write(() => {
      if (this.#metadata.images.get(ctx.namespace, record.name)) {
        throw new EngineError('already-exists', `image ${quote(record.name)}: already exists`);
      }
      this.#metadata.images.put(ctx.namespace, record);
    });
    this.#collector.mutated();
    this.#events.publish(ctx.namespace, {topic: '/images/create', name: record.name, labels: record.labels});
    return record;
  }

  /** `paths` as in a field mask; none replaces labels and target. */
  async update(
    ctx: CallContext,
    input: ImageInput,
    paths: readonly string[],
    time: Timestamp = now(),
  ): Promise<ImageRecord> {
    if (input.name === '')
      throw new EngineError('invalid-argument', 'image name is required for update: invalid argument');
    const record = this.#metadata.write(() => {
      const effective = paths.length === 0 ? ['labels', 'target'] : paths;
      const found = this.#find(ctx.namespace, input.name);
      const changed = {...effective.reduce((image, path) => updateField(image, input, path), found), updatedAt: time};
      checkImage(changed);
      this.#metadata.images.put(ctx.namespace, changed);
      return changed;
    });
    this.#collector.removed();
    this.#events.publish(ctx.namespace, {topic: '/images/update', name: record.name, labels: record.labels});
    return record;
  }

  /** With a target the image goes only while it still points there; with `sync` it resolves after a collection. */
  async delete(ctx: CallContext, name: string, options: {sync?: boolean; target?: Descriptor} = {}): Promise<void> {
    const {sync, target} = options;
    this.#metadata.write(() => {
      const found = this.#find(ctx.namespace, name);
      if (target && target.digest !== found.target.digest) {
        const detail = `image ${quote(name)} has target ${found.target.digest}, not ${target.digest}`;
        throw new EngineError('not-found', `${detail}: not found`);
      }
      this.#metadata.images.delete(ctx.namespace, name);
      this.#metadata.leaseResources.deleteEverywhere(ctx.namespace, {type: 'images', id: name});
    });
    this.#events.publish(ctx.namespace, {topic: '/images/delete', name});
    if (sync) await this.#collector.collect();
    else this.#collector.removed();
  }

  #find(namespace: string, name: string): ImageRecord {
    const record = this.#metadata.images.get(namespace, name);
    if (!record) throw new EngineError('not-found', `image ${quote(name)}: not found`);
    return record;
  }
}

function imageFields(record: ImageRecord): Fields {
  return ([first, ...rest]) => {
    if (first === 'name') return record.name;
    if (first === 'target' && rest[0] === 'digest') return record.target.digest;
    if (first === 'target' && rest[0] === 'mediatype') return record.target.mediaType;
    if (first === 'labels') return mapField(record.labels, rest);
    if (first === 'annotations') return mapField(record.target.annotations, rest);
    return undefined;
  };
}

function checkImage({name, labels, target}: ImageRecord): void {
  const fail = (problem: string) => new EngineError('invalid-argument', `${problem}: invalid argument`);
  if (name === '') throw fail('image name must not be empty');
  checkLabels(labels);
  checkDigest(target.digest);
  if (target.size <= 0) throw fail('Target.Size must be greater than zero');
  if (target.mediaType === '') throw fail('Target.MediaType must be set');
}

function updateField(record: ImageRecord, input: ImageInput, path: string): ImageRecord {
  const {field, key} = parseMaskPath(path);
  if (field === 'labels') return {...record, labels: updateMap(record.labels, input.labels, key)};
  if (field === 'annotations') {
    const annotations = updateMap(record.target.annotations, input.target.annotations, key);
    return {...record, target: {...record.target, annotations}};
  }
  if (path === 'target') return {...record, target: input.target};
  const detail = `cannot update ${quote(path)} field on ${quote(input.name)}`;
  throw new EngineError('invalid-argument', `${detail}: invalid argument`);
}
