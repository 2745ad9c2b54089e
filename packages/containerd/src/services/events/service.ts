import {TaskExit} from '@longshore/api/gen/containerd/events/task';
import {EventsDefinition} from '@longshore/api/gen/containerd/services/events/v1/events';
import {EventsDefinition as TtrpcEventsDefinition} from '@longshore/api/gen/containerd/services/ttrpc/events/v1/events';
import type {Envelope as WireEnvelope} from '@longshore/api/gen/containerd/types/event';
import {EngineError} from '@longshore/errdefs';
import type {TtrpcServer} from '@longshore/ttrpc';
import type {Envelope} from '../../core/events/events.ts';
import type {EventExchange} from '../../core/events/exchange.ts';
import type {ProcessExit} from '../../core/tasks/shim.ts';
import {now} from '../../core/time.ts';
import {anyToWire} from '../convert.ts';
import {type ServedService, serve} from '../serve.ts';

export function eventsService(exchange: EventExchange): ServedService {
  return serve(
    EventsDefinition,
    {
      async publish(ctx, {topic, event}) {
        if (ctx.namespace === '')
          throw new EngineError('failed-precondition', 'namespace is required: failed precondition');
        if (!event) throw new EngineError('invalid-argument', 'event must be set: invalid argument');
        exchange.publishRaw(ctx.namespace, topic, event);
        return {};
      },
      async forward(_ctx, {envelope}) {
        exchange.forward(fromWire(envelope));
        return {};
      },
      subscribe(ctx, {filters}) {
        return stream(exchange.subscribe(filters, ctx.signal));
      },
    },
    false,
  );
}

/** What shims call. `onExit` hears of every container whose first process ended. */
export function serveTtrpcEvents(
  server: TtrpcServer,
  exchange: EventExchange,
  onExit: (namespace: string, id: string, exit: ProcessExit) => void,
): void {
  server.register(TtrpcEventsDefinition, {
    async forward(_ctx, {envelope}) {
      const event = fromWire(envelope);
      exchange.forward(event);
      noticeExit(event, onExit);
      return {};
    },
  });
}

function noticeExit(
  {namespace, topic, event}: Envelope,
  onExit: (namespace: string, id: string, exit: ProcessExit) => void,
): void {
  if (topic !== '/tasks/exit') return;
  const {containerId, id, pid, exitStatus, exitedAt} = TaskExit.decode(event.value);
  if (id === containerId) onExit(namespace, id, {pid, exitStatus, ...(exitedAt && {exitedAt})});
}

async function* stream(envelopes: AsyncIterable<Envelope>): AsyncGenerator<WireEnvelope> {
  for await (const {event, ...envelope} of envelopes) yield {...envelope, event: anyToWire(event)};
}

function fromWire(envelope: WireEnvelope | undefined): Envelope {
  if (!envelope?.event)
    throw new EngineError('invalid-argument', 'envelope with an event is required: invalid argument');
  const {timestamp = now(), namespace, topic, event} = envelope;
  return {timestamp, namespace, topic, event};
}
