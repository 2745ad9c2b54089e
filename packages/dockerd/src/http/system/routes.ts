/** System-wide operations: liveness, versions, information, events. */

import type {SystemBackend} from '../../core/system/backend.ts';
import type {ApiReply, Route} from '../route.ts';
import {adaptInfo, infoToJson, versionToJson} from './convert.ts';
import {eventsRoute} from './events-route.ts';

export function systemRoutes(backend: SystemBackend): Route[] {
  return [
    {method: 'GET', path: '/_ping', job: 'ping', handle: (_request, reply) => ping(reply, 'OK')},
    {method: 'HEAD', path: '/_ping', job: 'ping', handle: (_request, reply) => ping(reply, '')},
    {
      method: 'GET',
      path: '/version',
      job: 'version',
      handle: async ({ctx}, reply) => reply.json(200, versionToJson(await backend.version(ctx))),
    },
    {
      method: 'GET',
      path: '/info',
      job: 'info',
      handle: async ({ctx, version}, reply) => reply.json(200, adaptInfo(infoToJson(await backend.info(ctx)), version)),
    },
    eventsRoute(backend.events),
  ];
}

function ping(reply: ApiReply, body: string): void {
  reply.setHeader('Builder-Version', '1');
  reply.setHeader('Cache-Control', 'no-cache, no-store, must-revalidate');
  reply.setHeader('Pragma', 'no-cache');
  reply.setHeader('Swarm', 'inactive');
  reply.text(200, body);
}
