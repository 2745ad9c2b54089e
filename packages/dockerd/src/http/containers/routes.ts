/** Containers: create, list, inspect, and the changes of their state. */
import {codeOf, EngineError, isErrorCode, messageOf} from '@longshore/errdefs';
import {checkCheckpointName} from '../../core/containers/checkpoints.ts';
import type {Container} from '../../core/containers/container.ts';
import {createContainer} from '../../core/containers/create.ts';
import {DetachKeys} from '../../core/containers/detach-keys.ts';
import {updateConfig} from '../../core/containers/documents/host-config.ts';
import {linkNamesOf, removeLink, shownLinks} from '../../core/containers/links/links.ts';
import {listContainers} from '../../core/containers/list.ts';
import {pauseContainer, unpauseContainer} from '../../core/containers/pause.ts';
import {pruneContainers} from '../../core/containers/prune.ts';
import {removeContainer} from '../../core/containers/remove.ts';
import {renameContainer, requireNewName} from '../../core/containers/rename.ts';
import {restartContainer} from '../../core/containers/restart.ts';
import {startContainer} from '../../core/containers/start.ts';
import {killContainer, stopContainer} from '../../core/containers/stop.ts';
import {topProcesses} from '../../core/containers/top.ts';
import {updateContainer} from '../../core/containers/update.ts';
import {publishContainerEvent, type World} from '../../core/containers/world.ts';
import {parseFilters} from '../../core/filters/filters.ts';
import {readJson} from '../json-body.ts';
import type {ApiReply, ApiRequest, Route} from '../route.ts';
import {parseUntil} from '../until-filter.ts';
import {inspectToJson} from './convert.ts';
import {readCreateRequest} from './create-request.ts';
import {adaptInspect, adaptSummary, createWarnings} from './older-versions.ts';
import {summaryToJson} from './summary.ts';
import {parseSize} from './terminal-size.ts';

type Handler = (world: World, request: ApiRequest, reply: ApiReply, container: Container) => Promise<void>;

export function containerRoutes(world: World): Route[] {
  return [
    {method: 'POST', path: '/containers/create', job: 'create', handle: (...args) => create(world, ...args)},
    {method: 'GET', path: '/containers/json', job: 'containers', handle: (...args) => list(world, ...args)},
    {
      method: 'POST',
      path: '/containers/prune',
      minApi: '1.25',
      job: 'container_prune',
      handle: (...args) => prune(world, ...args),
    },
    one(world, 'GET', '/json', 'container_inspect', inspect),
    one(world, 'GET', '/top', 'top', top),
    one(world, 'GET', '/changes', 'container_changes', changes),
    one(world, 'POST', '/start', 'start', start),
    one(world, 'POST', '/stop', 'stop', stop),
    one(world, 'POST', '/restart', 'restart', restart),
    {method: 'POST', path: '/containers/{name}/kill', job: 'kill', handle: (...args) => kill(world, ...args)},
    one(world, 'POST', '/pause', 'pause', pause),
    one(world, 'POST', '/unpause', 'unpause', unpause),
    one(world, 'POST', '/rename', 'container_rename', rename, ({query}) => requireNewName(query.text('name'))),
    {
      method: 'POST',
      path: '/containers/{name}/update',
      job: 'container_update',
      handle: (...args) => update(world, ...args),
    },
    one(world, 'POST', '/resize', 'resize', resize, ({query}) => void parseSize(query)),
    one(world, 'DELETE', '', 'container_delete', remove),
  ];
}

/** A route on one container. A request that could never be done is refused by `check` before the container is looked up. */
function one(
  world: World,
  method: Route['method'],
  suffix: string,
  job: string,
  handle: Handler,
  check: (request: ApiRequest) => void = () => {},
): Route {
  return {
    method,
    path: `/containers/{name}${suffix}`,
    job,
    handle: (request, reply) => {
      check(request);
      return handle(world, request, reply, world.registry.find(request.param('name')));
    },
  };
}

async function create(world: World, request: ApiRequest, reply: ApiReply): Promise<void> {
  const wanted = await readCreateRequest(request, world.facts.cgroup.version === 1);
  const {id, warnings} = await createContainer(world, request.ctx, wanted);
  reply.json(201, {Id: id, Warnings: [...createWarnings(wanted, request.version), ...warnings]});
}

async function list(world: World, {ctx, query, version}: ApiRequest, reply: ApiReply): Promise<void> {
  const filters = parseFilters(query.text('filters'));
  const limit = query.int('limit') ?? 0;
  const imageIds = await world.imageIds(ctx, filters.get('ancestor'));
  const found = listContainers(world.registry, {all: query.bool('all'), limit, filters}, imageIds);
  const withSize = query.bool('size');
  const rows = found.map(async container => {
    try {
      const names = linkNamesOf(world, container);
      const sizes = withSize ? await world.rootfs.sizes(ctx, container.id) : undefined;
      return adaptSummary(summaryToJson(container, names, sizes), version);
    } catch (error) {
      if (isErrorCode(error, 'not-found')) return undefined; // removed meanwhile
      throw error;
    }
  });
  reply.json(
    200,
    (await Promise.all(rows)).filter(row => row !== undefined),
  );
}

async function prune(world: World, {ctx, query}: ApiRequest, reply: ApiReply): Promise<void> {
  const filters = parseFilters(query.text('filters'));
  filters.allow('until', 'label', 'label!');
  const [until] = filters.get('until');
  const {removed, reclaimed} = await pruneContainers(
    world,
    ctx,
    filters,
    until === undefined ? undefined : parseUntil(until),
  );
  reply.json(200, {ContainersDeleted: removed.length > 0 ? removed : null, SpaceReclaimed: reclaimed});
}

const inspect: Handler = async (world, {ctx, query, version}, reply, container) => {
  const sizes = query.bool('size') ? await world.rootfs.sizes(ctx, container.id) : undefined;
  reply.json(200, adaptInspect(inspectToJson(container, shownLinks(world, container), sizes), version));
};

const top: Handler = async (world, {ctx, query}, reply, container) => {
  const {titles, processes} = await topProcesses(world, ctx, container, query.text('ps_args'));
  reply.json(200, {Titles: titles, Processes: processes});
};

const changes: Handler = async (world, {ctx}, reply, container) => {
  const found = await world.rootfs.changes(ctx, container.id);
  reply.json(200, found.length > 0 ? found.map(({path, kind}) => ({Path: path, Kind: kind})) : null);
};

const start: Handler = async (world, {ctx, query, header}, reply, container) => {
  const [checkpoint, directory] = [query.text('checkpoint'), query.text('checkpoint-dir')];
  const refuse = (message: string) => new EngineError('invalid-argument', message);
  // A body of a few bytes is `{}` or `null`, which old clients send.
  if (Number(header('content-length')) > 7) {
    throw refuse('starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24');
  }
  if (checkpoint !== '' && !world.config.experimental)
    throw refuse('checkpoint is only supported in experimental mode');
  if (checkpoint !== '') checkCheckpointName(checkpoint);
  if (checkpoint !== '' && directory !== '') throw refuse('custom checkpointdir is not supported');
  if (query.text('detachKeys') !== '') new DetachKeys(query.text('detachKeys'));
  await startContainer(world, ctx, container, checkpoint);
  reply.empty(204);
};

const stop: Handler = async (world, {ctx, query}, reply, container) => {
  await stopContainer(world, ctx, container, {signal: query.text('signal'), timeoutSeconds: query.int('t')});
  reply.empty(204);
};

const restart: Handler = async (world, {ctx, query}, reply, container) => {
  await restartContainer(world, ctx, container, {signal: query.text('signal'), timeoutSeconds: query.int('t')});
  reply.empty(204);
};

/** Its errors have a prefix, that of an unknown container too. */
async function kill(world: World, {ctx, query, param}: ApiRequest, reply: ApiReply): Promise<void> {
  const name = param('name');
  try {
    await killContainer(world, ctx, world.registry.find(name), query.text('signal'));
  } catch (error) {
    throw new EngineError(codeOf(error), `cannot kill container: ${name}: ${messageOf(error)}`, {cause: error});
  }
  reply.empty(204);
}

const pause: Handler = async (world, {ctx}, reply, container) => {
  await pauseContainer(world, ctx, container);
  reply.empty(204);
};

const unpause: Handler = async (world, {ctx}, reply, container) => {
  await unpauseContainer(world, ctx, container);
  reply.empty(204);
};

const rename: Handler = async (world, {ctx, query}, reply, container) => {
  await renameContainer(world, ctx, container, query.text('name'));
  reply.empty(204);
};

async function update(world: World, request: ApiRequest, reply: ApiReply): Promise<void> {
  const changed = await readJson(request, updateConfig);
  if (request.version.below('1.40')) changed.PidsLimit = null;
  const container = world.registry.find(request.param('name'));
  const warnings = await updateContainer(world, request.ctx, container, changed);
  reply.json(200, {Warnings: warnings.length > 0 ? warnings : null});
}

const resize: Handler = async (world, {ctx, query}, reply, container) => {
  const size = parseSize(query);
  if (container.state.status !== 'running' && container.state.status !== 'paused') {
    throw new EngineError('conflict', `container ${container.id} is not running`);
  }
  await world.runtime.resize(ctx, container.id, size);
  publishContainerEvent(world, container, 'resize', {height: String(size.height), width: String(size.width)});
  reply.empty(200);
};

const remove: Handler = async (world, {ctx, query, param}, reply, container) => {
  if (query.bool('link')) {
    await removeLink(world, ctx, param('name'));
    reply.empty(204);
    return;
  }
  const options = {force: query.bool('force'), removeVolumes: query.bool('v')};
  await removeContainer(world, ctx, container, param('name'), options);
  reply.empty(204);
};
