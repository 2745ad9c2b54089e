/** Spans to an OpenTelemetry collector, for daemons. Nothing is loaded before a collector is configured. */
import type {Logger, SpanSink} from '@longshore/base';
import {otlpSettings} from './settings.ts';

export {type OtlpSettings, otlpSettings} from './settings.ts';

export interface SpanExporter extends SpanSink, AsyncDisposable {}

/**
 * Sends spans where the usual variables say (OTEL_EXPORTER_OTLP_ENDPOINT and its relatives; the SDK reads headers,
 * timeouts and batch sizes itself). Undefined when there is no endpoint, and with a
 * warning when the variables ask for what is not there: a daemon runs without a collector, too.
 */
export async function openSpanExporter(
  env: NodeJS.ProcessEnv,
  service: string,
  log: Logger,
): Promise<SpanExporter | undefined> {
  try {
    const settings = otlpSettings(env);
    if (!settings) return undefined;
    const {makeExporter} = await import('./exporter.ts');
    return makeExporter(settings, service);
  } catch (error) {
    log.warn({error}, 'spans are not sent to a collector');
    return undefined;
  }
}
