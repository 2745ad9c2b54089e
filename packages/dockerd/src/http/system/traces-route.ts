/** GET /system/traces/{id}: the spans of a trace, ours and those of containerd and its shims. An addition of ours. */
import type {EngineTrace} from '@longshore/api/engine';
import type {CallContext, FinishedSpan, Tracer} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {Route} from '../route.ts';

/** Spans that containerd keeps of a trace. */
export type RemoteSpans = (ctx: CallContext, traceId: string) => Promise<readonly FinishedSpan[]>;

export function tracesRoute(tracer: Tracer, remote: RemoteSpans): Route {
  return {
    method: 'GET',
    path: '/system/traces/{id}',
    job: 'trace',
    async handle({ctx, param}, reply) {
      const traceId = param('id');
      if (!/^[0-9a-f]{32}$/.test(traceId)) {
        throw new EngineError('invalid-argument', `invalid trace id: ${JSON.stringify(traceId)}`);
      }
      const spans = [...tracer.ring.list(traceId), ...(await remote(ctx, traceId))];
      if (spans.length === 0) throw new EngineError('not-found', `No such trace: ${traceId}`);
      reply.json(200, {TraceID: traceId, Spans: spans.map(spanToJson)} satisfies EngineTrace);
    },
  };
}

function spanToJson(span: FinishedSpan): EngineTrace['Spans'][number] {
  return {
    ID: span.spanId,
    ParentID: span.parentId,
    Name: span.name,
    Service: span.service,
    Kind: span.kind,
    StartNano: String(span.startNano),
    EndNano: String(span.endNano),
    Attributes: span.attributes,
    Error: span.error,
  };
}
