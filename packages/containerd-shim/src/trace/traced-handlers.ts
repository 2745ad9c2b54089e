/** Calls of a traced task leave spans. Without a sampled traceparent a call costs one comparison more. */
import {callContext, type FinishedSpan, parseTraceparent, withSpan} from '@longshore/base';
import type {ServerCallContext} from '@longshore/ttrpc';
import type {UnaryHandlers} from '../handlers.ts';

const service = 'containerd-shim-runc-v2';

/** The same handlers; `report` gets all spans of a traced call after its end. */
export function tracedHandlers(handlers: UnaryHandlers, report: (spans: FinishedSpan[]) => void): UnaryHandlers {
  const traced: UnaryHandlers = {};
  for (const [name, handler] of Object.entries(handlers)) {
    const title = `Task/${name[0]?.toUpperCase()}${name.slice(1)}`;
    traced[name] = async (ctx, request) => {
      if (ctx.traceparent === '' || !parseTraceparent(ctx.traceparent)?.sampled) return handler(ctx, request);
      const spans: FinishedSpan[] = [];
      const work = (inner: object) => handler(inner as ServerCallContext, request);
      try {
        return await withSpan(contextOf(ctx, spans), title, work, {kind: 'server'});
      } finally {
        report(spans);
      }
    };
  }
  return traced;
}

/** Made anew: the call's own context is an object with getters, which a copy would lose. */
function contextOf(
  {signal, namespace, log, traceparent, metadata, deadline}: ServerCallContext,
  into: FinishedSpan[],
): ServerCallContext {
  const spans = {service, add: (span: FinishedSpan) => void into.push(span)};
  return {...callContext({signal, namespace, log, traceparent, spans}), metadata, deadline};
}
