/** Sandbox records: groups of containers that share something. The records only; nothing here runs a sandbox. */
import type {CallContext} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {parseMaskPath, updateMap, withoutEmpty} from '../field-mask.ts';
import {type Fields, mapField, parseFilters} from '../filters/filter.ts';
import type {CollectorTriggers} from '../gc/triggers.ts';
import type {SandboxRecord} from '../metadata/records.ts';
import type {MetadataStore} from '../metadata/store.ts';
import {checkIdentifier, checkLabels, quote} from '../names.ts';
import {now} from '../time.ts';

export type SandboxInput = Omit<SandboxRecord, 'createdAt' | 'updatedAt'>;

export class Sandboxes {
  readonly #metadata: MetadataStore;
  readonly #collector: CollectorTriggers;

  constructor(metadata: MetadataStore, collector: CollectorTriggers) {
    this.#metadata = metadata;
    this.#collector = collector;
  }

  async get(ctx: CallContext, id: string): Promise<SandboxRecord> {
    return this.#find(ctx.namespace, id);
  }

  async list(ctx: CallContext, filters: readonly string[]): Promise<SandboxRecord[]> {
    const filter = parseFilters(filters);
    return this.#metadata.sandboxes.list(ctx.namespace).filter(record => filter(sandboxFields(record)));
  }

  async create(ctx: CallContext, input: SandboxInput): Promise<SandboxRecord> {
    const time = now();
    const record: SandboxRecord = {...input, labels: withoutEmpty(input.labels), createdAt: time, updatedAt: time};
    checkSandbox(record);
    this.#metadata.write(() => {
      if (this.#metadata.sandboxes.get(ctx.namespace, record.id)) {
        throw new EngineError('already-exists', `sandbox ${quote(record.id)}: already exists`);
      }
      this.#metadata.sandboxes.put(ctx.namespace, record);
    });
    this.#collector.mutated();
    return record;
  }

  /** `paths` as in a field mask; none replaces labels, extensions, specification and runtime. */
  async update(ctx: CallContext, input: SandboxInput, paths: readonly string[]): Promise<SandboxRecord> {
    const effective = paths.length === 0 ? ['labels', 'extensions', 'spec', 'runtime'] : paths;
    const record = this.#metadata.write(() => {
      const found = this.#find(ctx.namespace, input.id);
      const changed = {
        ...effective.reduce((sandbox, path) => updateField(sandbox, input, path), found),
        updatedAt: now(),
      };
      checkSandbox(changed);
      this.#metadata.sandboxes.put(ctx.namespace, changed);
      return changed;
    });
    this.#collector.removed();
    return record;
  }

  async delete(ctx: CallContext, id: string): Promise<void> {
    this.#metadata.write(() => {
      this.#find(ctx.namespace, id);
      this.#metadata.sandboxes.delete(ctx.namespace, id);
    });
    this.#collector.removed();
  }

  #find(namespace: string, id: string): SandboxRecord {
    const record = this.#metadata.sandboxes.get(namespace, id);
    if (!record) throw new EngineError('not-found', `sandbox ${quote(id)}: not found`);
    return record;
  }
}

function sandboxFields(record: SandboxRecord): Fields {
  return ([first, ...rest]) => {
    if (first === 'id') return record.id;
    if (first === 'sandboxer') return record.sandboxer;
    if (first === 'runtime' && rest[0] === 'name') return record.runtime.name;
    return first === 'labels' ? mapField(record.labels, rest) : undefined;
  };
}

function checkSandbox({id, labels, runtime}: SandboxRecord): void {
  checkIdentifier(id);
  checkLabels(labels);
  if (runtime.name === '') {
    throw new EngineError('invalid-argument', 'sandbox.Runtime.Name must be set: invalid argument');
  }
}

function updateField(record: SandboxRecord, input: SandboxInput, path: string): SandboxRecord {
  const {field, key} = parseMaskPath(path);
  if (field === 'labels') return {...record, labels: updateMap(record.labels, input.labels, key)};
  if (field === 'extensions') {
    if (key === undefined) return {...record, extensions: input.extensions};
    const {[key]: _replaced, ...others} = record.extensions;
    const given = input.extensions[key];
    return {...record, extensions: given ? {...others, [key]: given} : others};
  }
  if (path === 'runtime') return {...record, runtime: input.runtime};
  if (path === 'spec') {
    const {spec: _spec, ...rest} = record;
    return input.spec ? {...rest, spec: input.spec} : rest;
  }
  const detail = `cannot update ${quote(path)} field on sandbox ${quote(record.id)}`;
  throw new EngineError('invalid-argument', `${detail}: invalid argument`);
}
