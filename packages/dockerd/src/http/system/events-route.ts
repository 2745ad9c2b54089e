/** GET /events: what happened and what happens, as JSON lines. */
import {EngineError} from '@longshore/errdefs';
import {type EventBus, nowNano} from '../../core/events/event-bus.ts';
import {eventFilterKeys, matchesEvent} from '../../core/events/event-filter.ts';
import {parseFilters} from '../../core/filters/filters.ts';
import type {ApiRequest, Route} from '../route.ts';
import {parseTimestamp} from '../timestamp.ts';
import {eventToJson} from './convert.ts';

export function eventsRoute(events: EventBus): Route {
  return {
    method: 'GET',
    path: '/events',
    job: 'events',
    waits: true,
    async handle(request, reply) {
      const since = parseTimestamp(request.query.text('since'));
      const until = parseTimestamp(request.query.text('until'));
      if (since !== undefined && until !== undefined && since > until) {
        const shown = [request.query.text('since'), request.query.text('until')];
        throw new EngineError(
          'invalid-argument',
          `\`since\` time (${shown[0]}) cannot be after \`until\` time (${shown[1]})`,
        );
      }
      const filters = parseFilters(request.query.text('filters'));
      filters.allow(...eventFilterKeys);
      const {past, live, close} = events.subscribe(since ?? (until === undefined ? undefined : 0n));
      const stop = stopWhen(request, until, close);
      try {
        const stream = reply.stream(200, 'application/json');
        for (const event of past) {
          if ((until === undefined || event.timeNano <= until) && matchesEvent(filters, event))
            await stream.write(eventToJson(event));
        }
        for await (const event of live) if (matchesEvent(filters, event)) await stream.write(eventToJson(event));
      } finally {
        stop();
        close();
      }
    },
  };
}

/** Ends the subscription when the client leaves, the daemon stops, or `until` has come. */
function stopWhen({gone, ctx}: ApiRequest, until: bigint | undefined, close: () => void): () => void {
  const signal = AbortSignal.any([gone, ctx.signal]);
  if (signal.aborted) close();
  signal.addEventListener('abort', close, {once: true});
  const milliseconds = until === undefined ? undefined : Number((until - nowNano()) / 1_000_000n);
  if (milliseconds !== undefined && milliseconds <= 0) close();
  // A timer counts 31 bits of milliseconds; a client that asks for more than 24 days waits without a timer.
  const hasTimer = milliseconds !== undefined && milliseconds > 0 && milliseconds < 2 ** 31;
  const timer = hasTimer ? setTimeout(close, milliseconds) : undefined;
  return () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', close);
  };
}
