import {ControllerDefinition} from '@longshore/api/gen/containerd/services/sandbox/v1/sandbox';
import {EngineError} from '@longshore/errdefs';
import {quote} from '../../core/names.ts';
import type {SandboxController} from '../../core/sandboxes/controller.ts';
import {anyFromWire, anyToWire} from '../convert.ts';
import {type ServedService, serve} from '../serve.ts';

/** Clients before 2.0 name no controller. */
const ownNames = ['', 'shim'];

export function sandboxControllerService(controller: SandboxController): ServedService {
  return serve(ControllerDefinition, {
    async create(ctx, {sandboxId, sandboxer, rootfs, options, netnsPath, annotations, sandbox}) {
      checkSandboxer(sandboxer);
      const id = sandboxId || sandbox?.sandboxId || '';
      const given = anyFromWire(options);
      const creation = {rootfs, netnsPath, annotations, ...(given && {options: given})};
      const runtimeOptions = anyFromWire(sandbox?.runtime?.options);
      const spec = anyFromWire(sandbox?.spec);
      const runtime = {name: sandbox?.runtime?.name ?? '', ...(runtimeOptions && {options: runtimeOptions})};
      await controller.create(ctx, id, creation, {runtime, ...(spec && {spec})});
      return {sandboxId: id};
    },
    async start(ctx, {sandboxId, sandboxer}) {
      checkSandboxer(sandboxer);
      const {spec, ...started} = await controller.start(ctx, sandboxId);
      return {sandboxId, ...started, spec: anyToWire(spec)};
    },
    async platform(ctx, {sandboxId, sandboxer}) {
      checkSandboxer(sandboxer);
      return {platform: await controller.platform(ctx, sandboxId)};
    },
    async stop(ctx, {sandboxId, sandboxer, timeoutSecs}) {
      checkSandboxer(sandboxer);
      await controller.stop(ctx, sandboxId, timeoutSecs);
      return {};
    },
    async wait(ctx, {sandboxId, sandboxer}) {
      checkSandboxer(sandboxer);
      return await controller.wait(ctx, sandboxId);
    },
    async status(ctx, {sandboxId, sandboxer, verbose}) {
      checkSandboxer(sandboxer);
      const {info, extra, ...status} = await controller.status(ctx, sandboxId, verbose);
      return {sandboxId, ...status, info: {...info}, extra: anyToWire(extra)};
    },
    async shutdown(ctx, {sandboxId, sandboxer}) {
      checkSandboxer(sandboxer);
      await controller.shutdown(ctx, sandboxId);
      return {};
    },
    async metrics(ctx, {sandboxId, sandboxer}) {
      checkSandboxer(sandboxer);
      const metric = await controller.metrics(ctx, sandboxId);
      return {metrics: metric && {...metric, data: anyToWire(metric.data)}};
    },
    async update(ctx, {sandboxId, sandboxer}) {
      checkSandboxer(sandboxer);
      await controller.update(ctx, sandboxId);
      return {};
    },
  });
}

function checkSandboxer(name: string): void {
  if (ownNames.includes(name)) return;
  throw new EngineError('not-found', `failed to get sandbox controller by ${quote(name)}: not found`);
}
