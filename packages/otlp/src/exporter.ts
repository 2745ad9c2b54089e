/** The SDK's batch processor and exporter, fed with our spans. Loaded only when a collector is configured. */
import type {FinishedSpan} from '@longshore/base';
import {SpanKind, SpanStatusCode, TraceFlags} from '@opentelemetry/api';
import {OTLPTraceExporter as GrpcExporter} from '@opentelemetry/exporter-trace-otlp-grpc';
import {OTLPTraceExporter as JsonExporter} from '@opentelemetry/exporter-trace-otlp-http';
import {OTLPTraceExporter as ProtobufExporter} from '@opentelemetry/exporter-trace-otlp-proto';
import {type Resource, resourceFromAttributes} from '@opentelemetry/resources';
import {BatchSpanProcessor, type ReadableSpan} from '@opentelemetry/sdk-trace';
import type {SpanExporter} from './index.ts';
import type {OtlpSettings} from './settings.ts';

/** How long the last batch may take when the process ends. */
const flushTimeoutMs = 3_000;

const exporters = {'http/json': JsonExporter, 'http/protobuf': ProtobufExporter, grpc: GrpcExporter};

export function makeExporter(settings: OtlpSettings, service: string): SpanExporter {
  const Exporter = exporters[settings.protocol];
  const {delayMs, queue, size} = settings.batch;
  const processor = new BatchSpanProcessor({
    exporter: new Exporter(),
    scheduledDelayMillis: delayMs,
    maxQueueSize: Math.max(queue, size),
    maxExportBatchSize: size,
  });
  const resources = new Map<string, Resource>();
  /** Spans of other programs come through here, too: each has its own resource. */
  const resourceOf = (name: string) => {
    let resource = resources.get(name);
    if (!resource) {
      const shown = name === service && settings.serviceName !== '' ? settings.serviceName : name;
      resource = resourceFromAttributes({...settings.resource, 'service.name': shown});
      resources.set(name, resource);
    }
    return resource;
  };
  return {
    service,
    add: span => processor.onEnd(readableSpan(span, resourceOf(span.service))),
    async [Symbol.asyncDispose]() {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, flushTimeoutMs);
      await Promise.race([processor.shutdown().catch(() => {}), late.promise]);
      clearTimeout(timer);
    },
  };
}

const kinds = {internal: SpanKind.INTERNAL, server: SpanKind.SERVER, client: SpanKind.CLIENT};

function readableSpan(span: FinishedSpan, resource: Resource): ReadableSpan {
  const {traceId, spanId, parentId, name, kind, startNano: start, endNano: end, error, attributes} = span;
  const context = (id: string) => ({traceId, spanId: id, traceFlags: TraceFlags.SAMPLED});
  return {
    name,
    kind: kinds[kind],
    spanContext: () => context(spanId),
    ...(parentId === '' ? {} : {parentSpanContext: context(parentId)}),
    startTime: hrTime(start),
    endTime: hrTime(end),
    duration: hrTime(end - start),
    status: error === '' ? {code: SpanStatusCode.UNSET} : {code: SpanStatusCode.ERROR, message: error},
    attributes: {...attributes},
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: {name: 'longshore'},
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function hrTime(nano: bigint): [number, number] {
  return [Number(nano / 1_000_000_000n), Number(nano % 1_000_000_000n)];
}
