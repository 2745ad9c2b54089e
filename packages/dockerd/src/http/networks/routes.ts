/** Operations on networks. */
import {EngineError} from '@longshore/errdefs';
import {parseFilters} from '../../core/filters/filters.ts';
import type {NetworksBackend} from '../../core/networks/backend.ts';
import {
  type NetworkRecord,
  networkConnectRequest,
  networkCreateRequest,
  networkDisconnectRequest,
} from '../../core/networks/documents.ts';
import {parseNano} from '../../core/time.ts';
import {readJson} from '../json-body.ts';
import type {Route} from '../route.ts';
import {parseUntil} from '../until-filter.ts';
import {networkDetailsToJson, networkToJson} from './convert.ts';

export function networkRoutes({manager, attachments}: NetworksBackend): Route[] {
  const list: Route = {
    method: 'GET',
    path: '/networks',
    job: 'network_list',
    handle({query, version}, reply) {
      const toJson = version.below('1.28') ? networkDetailsToJson : networkToJson;
      reply.json(200, manager.list(parseFilters(query.text('filters'))).map(toJson));
    },
  };
  return [
    list,
    {...list, path: '/networks/'},
    {
      method: 'GET',
      path: '/networks/{id}',
      job: 'network_inspect',
      handle(request, reply) {
        const scope = request.query.text('scope');
        const network = manager.get(request.param('id'));
        if (scope !== '' && scope !== 'local') throw notFound(request.param('id'));
        reply.json(200, networkDetailsToJson(network));
      },
    },
    {
      method: 'POST',
      path: '/networks/create',
      job: 'network_create',
      async handle(request, reply) {
        const network = await manager.create(request.ctx, await readJson(request, networkCreateRequest));
        reply.json(201, {Id: network.record.Id, Warning: ''});
      },
    },
    {
      method: 'POST',
      path: '/networks/{id}/connect',
      job: 'network_connect',
      async handle(request, reply) {
        const {Container, EndpointConfig} = await readJson(request, networkConnectRequest);
        await attachments.connect(request.ctx, request.param('id'), Container, EndpointConfig);
        reply.empty(200);
      },
    },
    {
      method: 'POST',
      path: '/networks/{id}/disconnect',
      job: 'network_disconnect',
      async handle(request, reply) {
        const {Container, Force} = await readJson(request, networkDisconnectRequest);
        await attachments.disconnect(request.ctx, request.param('id'), Container, Force);
        reply.empty(200);
      },
    },
    {
      method: 'POST',
      path: '/networks/prune',
      job: 'network_prune',
      minApi: '1.25',
      async handle({ctx, query}, reply) {
        const filters = parseFilters(query.text('filters'));
        const until = filters.get('until').map(text => parseUntil(text));
        const isOldEnough = ({Created}: NetworkRecord) => until.every(time => (parseNano(Created) ?? 0n) < time);
        const removed = await manager.prune(ctx, filters, isOldEnough);
        reply.json(200, {NetworksDeleted: removed.length > 0 ? removed : null});
      },
    },
    {
      method: 'DELETE',
      path: '/networks/{id}',
      job: 'network_remove',
      async handle(request, reply) {
        await manager.remove(request.ctx, request.param('id'));
        reply.empty(204);
      },
    },
  ];
}

function notFound(reference: string): EngineError {
  return new EngineError('not-found', `network ${reference} not found`);
}
