/** The variables of OpenTelemetry that decide whether, and in which form, spans are sent. */
import {EngineError} from '@longshore/errdefs';

export type OtlpProtocol = 'http/protobuf' | 'http/json' | 'grpc';

export interface OtlpSettings {
  /** Full URL of the traces; of the collector alone with gRPC. */
  url: string;
  protocol: OtlpProtocol;
  /** `OTEL_SERVICE_NAME`, or empty. */
  serviceName: string;
  /** Of `OTEL_RESOURCE_ATTRIBUTES`. */
  resource: Record<string, string>;
  /** Sent with every request. */
  headers: Record<string, string>;
  timeoutMs: number;
  /** How long spans are collected before they are sent, and how many of them are kept and sent at once. */
  batch: {delayMs: number; queue: number; size: number};
}

/** Undefined when nothing shall be sent. Throws `invalid-argument` for a protocol or sampler that is not there. */
export function otlpSettings(env: NodeJS.ProcessEnv): OtlpSettings | undefined {
  const protocol = env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL || env.OTEL_EXPORTER_OTLP_PROTOCOL || 'http/protobuf';
  const url = tracesUrl(env, protocol === 'grpc');
  const isOff = env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || (env.OTEL_TRACES_EXPORTER ?? 'otlp') !== 'otlp';
  if (url === undefined || isOff) return undefined;
  if (protocol !== 'http/protobuf' && protocol !== 'http/json' && protocol !== 'grpc') {
    throw new EngineError('invalid-argument', `OTEL_EXPORTER_OTLP_PROTOCOL=${protocol} is not supported`);
  }
  const sampler = env.OTEL_TRACES_SAMPLER || 'parentbased_always_on';
  if (sampler !== 'parentbased_always_on' && sampler !== 'always_on') {
    throw new EngineError('invalid-argument', `OTEL_TRACES_SAMPLER=${sampler} is not supported`);
  }
  return {
    url,
    protocol,
    serviceName: env.OTEL_SERVICE_NAME ?? '',
    resource: pairs(env.OTEL_RESOURCE_ATTRIBUTES),
    headers: {...pairs(env.OTEL_EXPORTER_OTLP_HEADERS), ...pairs(env.OTEL_EXPORTER_OTLP_TRACES_HEADERS)},
    timeoutMs: positive(env.OTEL_EXPORTER_OTLP_TRACES_TIMEOUT || env.OTEL_EXPORTER_OTLP_TIMEOUT, 10_000),
    batch: {
      delayMs: positive(env.OTEL_BSP_SCHEDULE_DELAY, 1_000),
      queue: positive(env.OTEL_BSP_MAX_QUEUE_SIZE, 2_048),
      size: positive(env.OTEL_BSP_MAX_EXPORT_BATCH_SIZE, 512),
    },
  };
}

function positive(text: string | undefined, standard: number): number {
  const value = Number(text);
  return value > 0 ? value : standard;
}

/** The endpoint for traces is taken as it is; that for everything is a base, but for gRPC, which has no paths. */
function tracesUrl(env: NodeJS.ProcessEnv, isGrpc: boolean): string | undefined {
  const own = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  if (own) return own;
  const base = env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (isGrpc) return base || undefined;
  return base ? `${base.replace(/\/$/, '')}/v1/traces` : undefined;
}

/** `a=b,c=d`, percent-encoded. */
function pairs(text = ''): Record<string, string> {
  const entries = text.split(',').flatMap(pair => {
    const at = pair.indexOf('=');
    return at <= 0 ? [] : [[pair.slice(0, at).trim(), decode(pair.slice(at + 1).trim())] as const];
  });
  return Object.fromEntries(entries);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
