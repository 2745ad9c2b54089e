import {ControllerDefinition} from '@longshore/api/gen/containerd/services/sandbox/v1/sandbox';
import type {CallContext} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {quote} from '../../core/names.ts';
import type {SandboxController} from '../../core/sandboxes/controller.ts';
import {anyFromWire, anyToWire} from '../convert.ts';
import {type Handlers, type ServedService, serve} from '../serve.ts';

/** Clients before 2.0 name no controller. */
const ownNames = ['', 'shim'];

type SandboxHandlers = Handlers<ControllerDefinition>;

/** `proxies` finds the controllers of other processes by name. */
export function sandboxControllerService(
  controller: SandboxController,
  proxies: (name: string) => SandboxHandlers | undefined = () => undefined,
): ServedService {
  const own = ownHandlers(controller);
  const handlers: Record<string, unknown> = {};
  for (const key of Object.keys(own) as (keyof SandboxHandlers)[]) {
    handlers[key] = async (ctx: CallContext, request: {sandboxer: string}) => {
      const chosen = ownNames.includes(request.sandboxer) ? own : proxies(request.sandboxer);
      if (!chosen) throw unknownSandboxer(request.sandboxer);
      return await chosen[key](ctx, request as never);
    };
  }
  return serve(ControllerDefinition, handlers as unknown as SandboxHandlers);
}

function ownHandlers(controller: SandboxController): SandboxHandlers {
  return {
    async create(ctx, {sandboxId, rootfs, options, netnsPath, annotations, sandbox}) {
      const id = sandboxId || sandbox?.sandboxId || '';
      const given = anyFromWire(options);
      const creation = {rootfs, netnsPath, annotations, ...(given && {options: given})};
      const runtimeOptions = anyFromWire(sandbox?.runtime?.options);
      const spec = anyFromWire(sandbox?.spec);
      const runtime = {name: sandbox?.runtime?.name ?? '', ...(runtimeOptions && {options: runtimeOptions})};
      await controller.create(ctx, id, creation, {runtime, ...(spec && {spec})});
      return {sandboxId: id};
    },
    async start(ctx, {sandboxId}) {
      const {spec, ...started} = await controller.start(ctx, sandboxId);
      return {sandboxId, ...started, spec: anyToWire(spec)};
    },
    async platform(ctx, {sandboxId}) {
      return {platform: await controller.platform(ctx, sandboxId)};
    },
    async stop(ctx, {sandboxId, timeoutSecs}) {
      await controller.stop(ctx, sandboxId, timeoutSecs);
      return {};
    },
    async wait(ctx, {sandboxId}) {
      return await controller.wait(ctx, sandboxId);
    },
    async status(ctx, {sandboxId, verbose}) {
      const {info, extra, ...status} = await controller.status(ctx, sandboxId, verbose);
      return {sandboxId, ...status, info: {...info}, extra: anyToWire(extra)};
    },
    async shutdown(ctx, {sandboxId}) {
      await controller.shutdown(ctx, sandboxId);
      return {};
    },
    async metrics(ctx, {sandboxId}) {
      const metric = await controller.metrics(ctx, sandboxId);
      return {metrics: metric && {...metric, data: anyToWire(metric.data)}};
    },
    async update(ctx, {sandboxId}) {
      await controller.update(ctx, sandboxId);
      return {};
    },
  };
}

function unknownSandboxer(name: string): EngineError {
  return new EngineError('not-found', `failed to get sandbox controller by ${quote(name)}: not found`);
}
