/** Spans: shims hand theirs in over ttrpc, and dockerd asks for those of a trace. */
import {type Span, TracesDefinition} from '@longshore/api/gen/longshore/trace/v1/trace';
import type {FinishedSpan, SpanKind, Tracer} from '@longshore/base';
import type {TtrpcServer} from '@longshore/ttrpc';
import {type ServedService, serve} from '../serve.ts';

export function tracesService(tracer: Tracer): ServedService {
  return serve(
    TracesDefinition,
    {
      async report(_ctx, {spans}) {
        addAll(tracer, spans);
        return {};
      },
      async list(_ctx, {traceId}) {
        return {spans: [...tracer.ring.list(traceId)]};
      },
    },
    false,
  );
}

/** What shims call. */
export function serveTtrpcTraces(server: TtrpcServer, tracer: Tracer): void {
  server.register(TracesDefinition, {
    async report(_ctx, {spans}) {
      addAll(tracer, spans);
      return {};
    },
    async list(_ctx, {traceId}) {
      return {spans: [...tracer.ring.list(traceId)]};
    },
  });
}

function addAll(tracer: Tracer, spans: readonly Span[]): void {
  for (const span of spans) tracer.add(fromWire(span));
}

function fromWire(span: Span): FinishedSpan {
  const kinds: readonly string[] = ['internal', 'server', 'client'] satisfies SpanKind[];
  return {...span, kind: kinds.includes(span.kind) ? (span.kind as SpanKind) : 'internal'};
}
