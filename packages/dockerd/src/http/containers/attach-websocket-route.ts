/** GET /containers/{name}/attach/ws: attaching from a browser. */
import {attachClient, checkAttachable} from '../../core/containers/attach.ts';
import {DetachKeys} from '../../core/containers/detach-keys.ts';
import type {World} from '../../core/containers/world.ts';
import type {StreamName} from '../../core/logs/log-entry.ts';
import type {ApiReply, ApiRequest, Route} from '../route.ts';
import {acceptHandshake, checkHandshake} from '../websocket/handshake.ts';
import {WebsocketClient} from '../websocket/websocket-client.ts';
import {replayLog} from './replay-log.ts';

export function attachWebsocketRoute(world: World): Route {
  return {
    method: 'GET',
    path: '/containers/{name}/attach/ws',
    job: 'attach_websocket',
    waits: true,
    handle: (request, reply) => attach(world, request, reply),
  };
}

/** Output is never multiplexed here: both streams are one to the client, as in Docker. */
async function attach(world: World, request: ApiRequest, reply: ApiReply): Promise<void> {
  const {query, ctx, version} = request;
  const container = world.registry.find(request.param('name'));
  const detachKeys = new DetachKeys(query.text('detachKeys'));
  checkAttachable(container);
  checkHandshake(request, reply);
  // Before API 1.42 a client got all streams, whatever it asked for.
  const wants = (name: string) => !version.atLeast('1.42') || query.bool(name);
  const streams = new Set((['stdout', 'stderr'] as const satisfies StreamName[]).filter(wants));
  const client = new WebsocketClient(acceptHandshake(request, reply), {
    asText: !version.atLeast('1.28'),
    wantsInput: wants('stdin') && query.bool('stream'),
  });
  try {
    if (query.bool('logs')) await replayLog(world, container, streams, client);
    if (query.bool('stream')) {
      await attachClient(world, ctx, container, client, {
        stdin: wants('stdin'),
        stdout: streams.has('stdout'),
        stderr: streams.has('stderr'),
        detachKeys,
      });
    }
  } finally {
    await client.close();
  }
}
