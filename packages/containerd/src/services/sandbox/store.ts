import {StoreDefinition} from '@longshore/api/gen/containerd/services/sandbox/v1/sandbox';
import type {Sandbox} from '@longshore/api/gen/containerd/types/sandbox';
import {EngineError} from '@longshore/errdefs';
import type {SandboxRecord} from '../../core/metadata/records.ts';
import type {Sandboxes, SandboxInput} from '../../core/sandboxes/sandboxes.ts';
import {anyFromWire, anyMapToWire, anyToWire} from '../convert.ts';
import {type ServedService, serve} from '../serve.ts';

export function sandboxStoreService(sandboxes: Sandboxes): ServedService {
  return serve(StoreDefinition, {
    async create(ctx, {sandbox}) {
      return {sandbox: toWire(await sandboxes.create(ctx, fromWire(sandbox)))};
    },
    async update(ctx, {sandbox, fields}) {
      return {sandbox: toWire(await sandboxes.update(ctx, fromWire(sandbox), fields))};
    },
    async delete(ctx, {sandboxId}) {
      await sandboxes.delete(ctx, sandboxId);
      return {};
    },
    async list(ctx, {filters}) {
      return {list: (await sandboxes.list(ctx, filters)).map(toWire)};
    },
    async get(ctx, {sandboxId}) {
      return {sandbox: toWire(await sandboxes.get(ctx, sandboxId))};
    },
  });
}

function toWire(record: SandboxRecord): Sandbox {
  const {id, runtime, spec, extensions, labels, sandboxer, createdAt, updatedAt} = record;
  return {
    ...{sandboxId: id, sandboxer, createdAt, updatedAt, labels: {...labels}, spec: anyToWire(spec)},
    runtime: {name: runtime.name, options: anyToWire(runtime.options)},
    extensions: anyMapToWire(extensions),
  };
}

function fromWire(sandbox: Sandbox | undefined): SandboxInput {
  if (!sandbox) throw new EngineError('invalid-argument', 'sandbox is required: invalid argument');
  const {sandboxId: id, labels, extensions, sandboxer} = sandbox;
  const spec = anyFromWire(sandbox.spec);
  const options = anyFromWire(sandbox.runtime?.options);
  const runtime = {name: sandbox.runtime?.name ?? '', ...(options && {options})};
  return {id, labels, extensions, sandboxer, runtime, ...(spec && {spec})};
}
