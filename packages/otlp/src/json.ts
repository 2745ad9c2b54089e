/** One request with all spans of a short-lived process, as OTLP's JSON. For the CLI, where every millisecond counts. */
import type {FinishedSpan} from '@longshore/base';
import {EngineError, messageOf} from '@longshore/errdefs';
import type {OtlpSettings} from './settings.ts';

const kinds = {internal: 1, server: 2, client: 3};

/** Sends the spans. Throws `unavailable` when the collector does not take them. */
export async function sendSpans(settings: OtlpSettings, spans: readonly FinishedSpan[]): Promise<void> {
  if (spans.length === 0) return;
  if (settings.protocol === 'grpc') return await sendByGrpc(settings, spans);
  try {
    const response = await fetch(settings.url, {
      method: 'POST',
      headers: {'Content-Type': 'application/json', ...settings.headers},
      body: JSON.stringify(exportRequest(settings, spans)),
      signal: AbortSignal.timeout(settings.timeoutMs),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`status ${response.status}`);
  } catch (error) {
    const message = `cannot send spans to ${settings.url}: ${messageOf(error)}`;
    throw new EngineError('unavailable', message, {cause: error});
  }
}

/** The SDK is only loaded for this; what it cannot send it drops, in time. */
async function sendByGrpc(settings: OtlpSettings, spans: readonly FinishedSpan[]): Promise<void> {
  const {makeExporter} = await import('./exporter.ts');
  await using exporter = makeExporter(settings, 'docker');
  for (const span of spans) exporter.add(span);
}

/** An ExportTraceServiceRequest. */
export function exportRequest({serviceName, resource}: OtlpSettings, spans: readonly FinishedSpan[]): object {
  const services = [...new Set(spans.map(span => span.service))];
  return {
    resourceSpans: services.map(service => ({
      resource: {attributes: attributesToJson({...resource, 'service.name': serviceName || service})},
      scopeSpans: [{scope: {name: 'longshore'}, spans: spans.filter(span => span.service === service).map(spanToJson)}],
    })),
  };
}

function spanToJson(span: FinishedSpan): object {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentId === '' ? {} : {parentSpanId: span.parentId}),
    name: span.name,
    kind: kinds[span.kind],
    startTimeUnixNano: String(span.startNano),
    endTimeUnixNano: String(span.endNano),
    attributes: attributesToJson(span.attributes),
    status: span.error === '' ? {} : {code: 2, message: span.error},
  };
}

function attributesToJson(attributes: Readonly<Record<string, string>>): object[] {
  return Object.entries(attributes).map(([key, value]) => ({key, value: {stringValue: value}}));
}
