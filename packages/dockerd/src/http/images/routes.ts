/** Operations on images. */
import {EngineError} from '@longshore/errdefs';
import {parseFilters} from '../../core/filters/filters.ts';
import type {DeletionStep, ImageDeletion} from '../../core/images/deletion.ts';
import type {Images} from '../../core/images/images.ts';
import type {ImageTransfers} from '../../core/images/transfers.ts';
import {struct, text} from '../../core/shape/shape.ts';
import {parseNano} from '../../core/time.ts';
import {readJson} from '../json-body.ts';
import type {ApiRequest, Route} from '../route.ts';
import {parseUntil} from '../until-filter.ts';
import {historyToJson, inspectToJson} from './convert.ts';
import {listRoute} from './list-route.ts';
import {platformParameter} from './platform-parameter.ts';
import {credentialsOf, readRegistryAuth} from './registry-auth.ts';
import {transferRoutes} from './transfer-routes.ts';

const authConfig = struct({
  username: text,
  password: text,
  auth: text,
  serveraddress: text,
  identitytoken: text,
  registrytoken: text,
});

export interface ImagesBackend {
  images: Images;
  deletion: ImageDeletion;
  transfers: ImageTransfers;
  /** Name of the snapshotter that images are unpacked with. */
  snapshotter: string;
}

export function imageRoutes(backend: ImagesBackend): Route[] {
  return [listRoute(backend.images), ...transferRoutes(backend), ...readRoutes(backend), ...changeRoutes(backend)];
}

function readRoutes({images, transfers, snapshotter}: ImagesBackend): Route[] {
  return [
    {
      method: 'GET',
      path: '/images/search',
      job: 'search',
      handle() {
        throw new EngineError('unimplemented', 'searching a registry is not implemented');
      },
    },
    {
      method: 'GET',
      path: '/images/{name}/history',
      job: 'history',
      async handle(request, reply) {
        const steps = await images.history(request.ctx, request.param('name'), platformParameter(request, '1.48'));
        reply.json(200, steps.map(historyToJson));
      },
    },
    {
      method: 'GET',
      path: '/images/{name}/json',
      job: 'image_inspect',
      async handle(request, reply) {
        const manifests = request.query.bool('manifests');
        const platform = platformParameter(request, '1.49');
        if (manifests && platform) {
          throw new EngineError(
            'invalid-argument',
            'conflicting options: manifests and platform options cannot both be set',
          );
        }
        const details = await images.describe(request.ctx, request.param('name'), platform);
        const containers = images.containersOf(details.image.id);
        const containerConfig = needsContainerConfig(request);
        reply.json(200, inspectToJson(details, request.version, {manifests, snapshotter, containers, containerConfig}));
      },
    },
    {
      method: 'POST',
      path: '/auth',
      job: 'auth',
      async handle(request, reply) {
        const config = await readJson(request, authConfig);
        const credentials = credentialsOf(config) ?? {username: '', password: '', identityToken: '', registryToken: ''};
        const token = await transfers.login(request.ctx, config.serveraddress, credentials);
        reply.json(200, {Status: 'Login Succeeded', ...(token === '' ? {} : {IdentityToken: token})});
      },
    },
    {
      method: 'GET',
      path: '/distribution/{name}/json',
      job: 'distribution_inspect',
      minApi: '1.30',
      async handle(request, reply) {
        const credentials = readRegistryAuth(request.header('x-registry-auth'));
        const remote = await transfers.inspectRemote(request.ctx, request.param('name'), credentials);
        reply.json(200, {Descriptor: remote.descriptor, Platforms: remote.platforms});
      },
    },
  ];
}

function changeRoutes({images, deletion}: ImagesBackend): Route[] {
  return [
    {
      method: 'POST',
      path: '/images/{name}/tag',
      job: 'tag',
      async handle(request, reply) {
        const {query} = request;
        await images.tag(request.ctx, request.param('name'), query.text('repo'), query.text('tag'));
        reply.empty(201);
      },
    },
    {
      method: 'POST',
      path: '/images/prune',
      job: 'image_prune',
      minApi: '1.25',
      async handle({ctx, query}, reply) {
        const filters = parseFilters(query.text('filters'));
        filters.allow('dangling', 'label', 'label!', 'until');
        const until = filters.get('until').map(text => parseUntil(text));
        const {steps, bytes} = await deletion.prune(ctx, {
          all: !filters.bool('dangling', true),
          filters,
          isOldEnough: created => until.every(time => (parseNano(created) ?? 0n) < time),
        });
        reply.json(200, {ImagesDeleted: steps.length > 0 ? steps.map(stepToJson) : null, SpaceReclaimed: bytes});
      },
    },
    {
      method: 'DELETE',
      path: '/images/{name}',
      job: 'image_delete',
      async handle(request, reply) {
        if (request.query.has('platforms'))
          throw new EngineError('unimplemented', 'removing single platforms is not implemented');
        const force = request.query.bool('force');
        const steps = await deletion.remove(request.ctx, request.param('name'), {force});
        reply.json(200, steps.map(stepToJson));
      },
    },
  ];
}

function stepToJson(step: DeletionStep): {Untagged: string} | {Deleted: string} {
  return 'untagged' in step ? {Untagged: step.untagged} : {Deleted: step.deleted};
}

/**
 * The original leaves ContainerConfig out with this store. Clients of old versions were written when every image had it, and
 * docker-compose 1, which speaks the newest version there is, makes no container anew without it.
 */
function needsContainerConfig({version, header}: ApiRequest): boolean {
  return version.below('1.42') || header('user-agent').startsWith('docker-compose/1.');
}
