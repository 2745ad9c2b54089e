import {type Container, ContainersDefinition} from '@longshore/api/gen/containerd/services/containers/v1/containers';
import type {CallContext} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {ContainerInput, Containers} from '../../core/containers/containers.ts';
import type {ContainerRecord, TypedValue} from '../../core/metadata/records.ts';
import {anyFromWire, anyMapToWire, anyToWire} from '../convert.ts';
import {type ServedService, serve} from '../serve.ts';

/** What a delete waits for before it answers: the ends of what the container ran. */
export interface EndedTasks {
  ended(ctx: CallContext, id: string): Promise<void>;
}

export function containersService(containers: Containers, tasks: EndedTasks): ServedService {
  return serve(ContainersDefinition, {
    async get(ctx, {id}) {
      return {container: toWire(await containers.get(ctx, id))};
    },
    async list(ctx, {filters}) {
      return {containers: (await containers.list(ctx, filters)).map(toWire)};
    },
    async *listStream(ctx, {filters}) {
      for (const record of await containers.list(ctx, filters)) yield {container: toWire(record)};
    },
    async create(ctx, {container}) {
      return {container: toWire(await containers.create(ctx, fromWire(container)))};
    },
    async update(ctx, {container, updateMask}) {
      return {container: toWire(await containers.update(ctx, fromWire(container), updateMask ?? []))};
    },
    async delete(ctx, {id}) {
      await containers.delete(ctx, id);
      await tasks.ended(ctx, id);
      return {};
    },
  });
}

function toWire(record: ContainerRecord): Container {
  const {runtime, spec, extensions, ...rest} = record;
  return {
    ...rest,
    labels: {...record.labels},
    runtime: {name: runtime.name, options: anyToWire(runtime.options)},
    spec: anyToWire(spec),
    extensions: anyMapToWire(extensions),
  };
}

function fromWire(container: Container | undefined): ContainerInput {
  if (!container) throw new EngineError('invalid-argument', 'container is required: invalid argument');
  const {id, labels, image, snapshotter, snapshotKey, sandbox} = container;
  const spec = anyFromWire(container.spec);
  const options = anyFromWire(container.runtime?.options);
  const extensions: Record<string, TypedValue> = container.extensions;
  const runtime = {name: container.runtime?.name ?? '', ...(options && {options})};
  return {id, labels, image, snapshotter, snapshotKey, sandbox, extensions, runtime, ...(spec && {spec})};
}
