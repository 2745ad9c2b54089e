/** Files of containers as archives: what `docker cp` and `docker export` use. */
import {parseContainerPath} from '../../core/containers/copy/container-path.ts';
import type {ContainerCopier, CopyTarget} from '../../core/containers/copy/copy.ts';
import type {World} from '../../core/containers/world.ts';
import type {ApiReply, ApiRequest, Route} from '../route.ts';
import {encodePathStatus, pathStatusHeader} from './path-status.ts';

export function containerArchiveRoutes(world: World, copier: ContainerCopier): Route[] {
  const path = '/containers/{name}/archive';
  const target = (request: ApiRequest): CopyTarget => {
    const name = request.param('name');
    const path = request.query.text('path');
    parseContainerPath(path);
    return {container: world.registry.find(name), name, path};
  };
  return [
    {method: 'HEAD', path, job: 'container_stat_path', handle: (...args) => stat(copier, target(args[0]), ...args)},
    {method: 'GET', path, job: 'container_archive', handle: (...args) => archive(copier, target(args[0]), ...args)},
    {method: 'PUT', path, job: 'container_extract', handle: (...args) => extract(copier, target(args[0]), ...args)},
    {
      method: 'GET',
      path: '/containers/{name}/export',
      job: 'export',
      handle: (...args) => exportAll(copier, world, ...args),
    },
  ];
}

async function stat(copier: ContainerCopier, target: CopyTarget, {ctx}: ApiRequest, reply: ApiReply): Promise<void> {
  reply.setHeader(pathStatusHeader, encodePathStatus(await copier.status(ctx, target)));
  reply.empty(200);
}

async function archive(
  copier: ContainerCopier,
  target: CopyTarget,
  request: ApiRequest,
  reply: ApiReply,
): Promise<void> {
  await copier.archive(request.ctx, target, signalOf(request), async (status, pieces) => {
    reply.setHeader(pathStatusHeader, encodePathStatus(status));
    const stream = reply.stream(200, 'application/x-tar');
    for await (const piece of pieces) await stream.write(piece);
  });
}

async function extract(
  copier: ContainerCopier,
  target: CopyTarget,
  request: ApiRequest,
  reply: ApiReply,
): Promise<void> {
  await copier.extract(request.ctx, target, {
    archive: request.body,
    keepTypes: request.query.bool('noOverwriteDirNonDir'),
    copyOwner: request.query.bool('copyUIDGID'),
    signal: request.ctx.signal,
  });
  reply.empty(200);
}

async function exportAll(copier: ContainerCopier, world: World, request: ApiRequest, reply: ApiReply): Promise<void> {
  const container = world.registry.find(request.param('name'));
  await copier.export(request.ctx, container, signalOf(request), async pieces => {
    const stream = reply.stream(200, 'application/octet-stream');
    for await (const piece of pieces) await stream.write(piece);
  });
}

/** Nobody needs the rest of an archive when the client has left. */
function signalOf({ctx, gone}: ApiRequest): AbortSignal {
  return AbortSignal.any([ctx.signal, gone]);
}
