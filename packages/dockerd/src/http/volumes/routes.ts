/** Operations on volumes. */
import {EngineError} from '@longshore/errdefs';
import {parseFilters} from '../../core/filters/filters.ts';
import {emptyObject, map, pointer, struct, text} from '../../core/shape/shape.ts';
import {listMatcher, pruneMatcher} from '../../core/volumes/volume-filters.ts';
import type {Volumes} from '../../core/volumes/volumes.ts';
import {readJson} from '../json-body.ts';
import type {Route} from '../route.ts';
import {volumeToJson} from './convert.ts';

export type VolumesBackend = Pick<Volumes, 'all' | 'get' | 'create' | 'remove' | 'prune' | 'users'>;

const volumeCreateRequest = struct({
  Name: text,
  Driver: text,
  DriverOpts: map(text),
  Labels: map(text),
  ClusterVolumeSpec: pointer(emptyObject),
});

export function volumeRoutes(volumes: VolumesBackend): Route[] {
  return [
    {
      method: 'GET',
      path: '/volumes',
      job: 'volume_list',
      handle({query}, reply) {
        const matches = listMatcher(parseFilters(query.text('filters')), ({name}) => volumes.users(name).length > 0);
        reply.json(200, {Volumes: volumes.all.filter(matches).map(volumeToJson), Warnings: null});
      },
    },
    {
      method: 'GET',
      path: '/volumes/{name}',
      job: 'volume_inspect',
      handle: (request, reply) => reply.json(200, volumeToJson(volumes.get(request.param('name')))),
    },
    {
      method: 'POST',
      path: '/volumes/create',
      job: 'volume_create',
      async handle(request, reply) {
        const {Name, Driver, DriverOpts, Labels, ClusterVolumeSpec} = await readJson(request, volumeCreateRequest);
        if (ClusterVolumeSpec) throw new EngineError('unimplemented', 'cluster volumes are not implemented');
        const creation = {name: Name, driver: Driver, options: DriverOpts, labels: Labels};
        reply.json(201, volumeToJson(await volumes.create(request.ctx, creation)));
      },
    },
    {
      method: 'POST',
      path: '/volumes/prune',
      job: 'volume_prune',
      minApi: '1.25',
      async handle({ctx, query, version}, reply) {
        const matches = pruneMatcher(parseFilters(query.text('filters')), version.below('1.42'));
        const {names, bytes} = await volumes.prune(ctx, matches);
        reply.json(200, {VolumesDeleted: names, SpaceReclaimed: bytes});
      },
    },
    {
      method: 'PUT',
      path: '/volumes/{name}',
      job: 'volume_update',
      minApi: '1.42',
      handle(request) {
        volumes.get(request.param('name'));
        throw new EngineError('unimplemented', 'cluster volumes are not implemented');
      },
    },
    {
      method: 'DELETE',
      path: '/volumes/{name}',
      job: 'volume_delete',
      async handle(request, reply) {
        await volumes.remove(request.ctx, request.param('name'), {force: request.query.bool('force')});
        reply.empty(204);
      },
    },
  ];
}
