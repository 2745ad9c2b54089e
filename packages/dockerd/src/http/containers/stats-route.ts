/** GET /containers/{id}/stats: what a container uses, once or every second. */
import {EngineError} from '@longshore/errdefs';
import type {World} from '../../core/containers/world.ts';
import type {StatisticsSource} from '../../core/ports/statistics-source.ts';
import {exactJson} from '../../core/stats/exact-json.ts';
import {oneSample, samplePair, sampleSeries} from '../../core/stats/sampling.ts';
import type {ApiReply, ApiRequest, Route} from '../route.ts';

const type = 'application/json';

export function statsRoute(world: World, source: StatisticsSource): Route {
  return {
    method: 'GET',
    path: '/containers/{name}/stats',
    job: 'container_stats',
    waits: true,
    handle: (request, reply) => stats(world, source, request, reply),
  };
}

async function stats(world: World, source: StatisticsSource, request: ApiRequest, reply: ApiReply): Promise<void> {
  const {query, ctx, version} = request;
  const isStream = query.bool('stream', true);
  const isSingle = version.atLeast('1.41') && query.bool('one-shot');
  if (isStream && isSingle) {
    throw new EngineError('invalid-argument', 'cannot have stream=true and one-shot=true');
  }
  const subject = {world, source, container: world.registry.find(request.param('name'))};
  const signal = AbortSignal.any([request.gone, ctx.signal]);
  if (!isStream) {
    const document = await (isSingle ? oneSample(ctx, subject) : samplePair(ctx, subject, signal));
    await reply.stream(200, type).write(`${exactJson(document)}\n`);
    return;
  }
  const out = reply.stream(200, type);
  for await (const document of sampleSeries(ctx, subject, signal)) await out.write(`${exactJson(document)}\n`);
}
