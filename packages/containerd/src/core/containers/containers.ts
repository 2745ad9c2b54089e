/** Container records: what a task is made from. A record says nothing about whether a task runs. */
import type {CallContext} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {EventPublisher} from '../events/events.ts';
import {parseMaskPath, updateMap, withoutEmpty} from '../field-mask.ts';
import {type Fields, mapField, parseFilters} from '../filters/filter.ts';
import type {CollectorTriggers} from '../gc/triggers.ts';
import type {ContainerRecord} from '../metadata/records.ts';
import type {MetadataStore} from '../metadata/store.ts';
import {checkIdentifier, checkLabels, quote} from '../names.ts';
import {now} from '../time.ts';

/** What a client gives: everything but the times. */
export type ContainerInput = Omit<ContainerRecord, 'createdAt' | 'updatedAt'>;

export class Containers {
  readonly #metadata: MetadataStore;
  readonly #events: EventPublisher;
  readonly #collector: CollectorTriggers;

  constructor(metadata: MetadataStore, events: EventPublisher, collector: CollectorTriggers) {
    this.#metadata = metadata;
    this.#events = events;
    this.#collector = collector;
  }

  /** Throws not-found. */
  async get(ctx: CallContext, id: string): Promise<ContainerRecord> {
    return this.#find(ctx.namespace, id);
  }

  async list(ctx: CallContext, filters: readonly string[]): Promise<ContainerRecord[]> {
    const filter = parseFilters(filters);
    return this.#metadata.containers.list(ctx.namespace).filter(record => filter(containerFields(record)));
  }

  async create(ctx: CallContext, input: ContainerInput): Promise<ContainerRecord> {
    const time = now();
    const record: ContainerRecord = {...input, labels: withoutEmpty(input.labels), createdAt: time, updatedAt: time};
    checkContainer(record, 'create container failed validation');
    this.#metadata.write(() => {
      if (this.#metadata.containers.get(ctx.namespace, record.id)) {
        throw new EngineError('already-exists', `container ${quote(record.id)}: already exists`);
      }
      this.#metadata.containers.put(ctx.namespace, record);
    });
    this.#collector.mutated();
    const {id, image, runtime} = record;
    this.#events.publish(ctx.namespace, {topic: '/containers/create', id, image, runtime});
    return record;
  }

  /** `paths` as in a field mask; none replaces everything that may change. */
  async update(ctx: CallContext, input: ContainerInput, paths: readonly string[]): Promise<ContainerRecord> {
    if (input.id === '') throw new EngineError('invalid-argument', 'must specify a container id: invalid argument');
    const record = this.#metadata.write(() => {
      const changed = {...updateContainer(this.#find(ctx.namespace, input.id), input, paths), updatedAt: now()};
      checkContainer(changed, 'update failed validation');
      this.#metadata.containers.put(ctx.namespace, changed);
      return changed;
    });
    this.#collector.removed();
    const {id, image, labels, snapshotKey} = record;
    this.#events.publish(ctx.namespace, {topic: '/containers/update', id, image, labels, snapshotKey});
    return record;
  }

  async delete(ctx: CallContext, id: string): Promise<void> {
    this.#metadata.write(() => {
      if (!this.#metadata.containers.delete(ctx.namespace, id)) throw notFound(ctx.namespace, id);
    });
    this.#collector.removed();
    this.#events.publish(ctx.namespace, {topic: '/containers/delete', id});
  }

  #find(namespace: string, id: string): ContainerRecord {
    const record = this.#metadata.containers.get(namespace, id);
    if (!record) throw notFound(namespace, id);
    return record;
  }
}

function notFound(namespace: string, id: string): EngineError {
  return new EngineError('not-found', `container ${quote(id)} in namespace ${quote(namespace)}: not found`);
}

function containerFields(record: ContainerRecord): Fields {
  return ([first, ...rest]) => {
    if (first === 'id') return record.id;
    if (first === 'image') return record.image;
    if (first === 'runtime' && rest[0] === 'name') return record.runtime.name;
    if (first === 'labels') return mapField(record.labels, rest);
    if (first === 'extensions') return record.extensions[rest.join('.')]?.typeUrl;
    return undefined;
  };
}

function checkContainer(record: ContainerRecord, failure: string): void {
  const fail = (problem: string) => new EngineError('invalid-argument', `${failure}: ${problem}: invalid argument`);
  checkIdentifier(record.id);
  checkLabels(record.labels);
  if (Object.keys(record.extensions).includes('')) throw fail('extension key must not be zero-length');
  if (record.runtime.name === '') throw fail('container.Runtime.Name must be set');
  if (!record.spec) throw fail('container.Spec must be set');
  if (record.snapshotKey !== '' && record.snapshotter === '') {
    throw fail('container.Snapshotter must be set if container.SnapshotKey is set');
  }
}

/** Fields that an empty mask replaces. */
const mutablePaths = ['labels', 'spec', 'extensions', 'image', 'snapshotkey', 'sandbox'];

function updateContainer(record: ContainerRecord, input: ContainerInput, paths: readonly string[]): ContainerRecord {
  if (paths.length === 0) {
    if (input.snapshotter !== record.snapshotter) throw immutable('container.Snapshotter');
    if (input.runtime.name !== record.runtime.name) throw immutable('container.Runtime.Name');
  }
  const effective = paths.length === 0 ? mutablePaths : paths;
  return effective.reduce((changed, path) => updateField(changed, input, path), record);
}

function updateField(record: ContainerRecord, input: ContainerInput, path: string): ContainerRecord {
  const {field, key} = parseMaskPath(path);
  if (field === 'labels') return {...record, labels: updateMap(record.labels, input.labels, key)};
  if (field === 'extensions') return {...record, extensions: updateExtensions(record, input, key)};
  switch (path) {
    case 'spec':
      return input.spec ? {...record, spec: input.spec} : withoutSpec(record);
    case 'image':
      return {...record, image: input.image};
    case 'snapshotkey':
      return {...record, snapshotKey: input.snapshotKey};
    case 'sandbox':
      return {...record, sandbox: input.sandbox};
    case 'snapshotter':
      throw immutable('container.Snapshotter');
    case 'runtime':
      throw immutable('container.Runtime');
    default:
      throw new EngineError(
        'invalid-argument',
        `cannot update ${quote(path)} field on ${quote(record.id)}: invalid argument`,
      );
  }
}

function updateExtensions(
  record: ContainerRecord,
  input: ContainerInput,
  key: string | undefined,
): ContainerRecord['extensions'] {
  if (key === undefined) return input.extensions;
  const given = input.extensions[key];
  const {[key]: _replaced, ...others} = record.extensions;
  return given ? {...others, [key]: given} : others;
}

function withoutSpec({spec: _spec, ...rest}: ContainerRecord): ContainerRecord {
  return rest;
}

function immutable(field: string): EngineError {
  return new EngineError('invalid-argument', `${field} field is immutable: invalid argument`);
}
