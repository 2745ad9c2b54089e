/** Spans: what took how long within a trace. Nothing of this costs anything where a context has no sink. */
import type {CallContext} from '../call-context.ts';
import {randomHex} from '../ids.ts';
import {formatTraceparent, parseTraceparent} from './traceparent.ts';

export type SpanKind = 'internal' | 'server' | 'client';

export interface FinishedSpan {
  traceId: string;
  spanId: string;
  /** Empty for the first span of a trace. */
  parentId: string;
  name: string;
  /** Which program: `dockerd`. */
  service: string;
  kind: SpanKind;
  /** Nanoseconds since the epoch. */
  startNano: bigint;
  endNano: bigint;
  attributes: Record<string, string>;
  /** What it failed with; empty when it went well. */
  error: string;
}

/** Where the finished spans of a process go. */
export interface SpanSink {
  readonly service: string;
  add(span: FinishedSpan): void;
}

export interface SpanOptions {
  kind?: SpanKind;
  attributes?: Record<string, string>;
  /** When it began, if that was before now; nanoseconds since the epoch. */
  startNano?: bigint;
}

export interface Span {
  /** The context of what happens within the span. */
  readonly ctx: CallContext;
  /** Ends it; once. `error` is what it failed with. */
  end(error?: unknown): void;
}

/** Begins a span below that of the context, or the first one of a trace when the context has a sink and no trace. */
export function startSpan(ctx: CallContext, name: string, options: SpanOptions = {}): Span {
  const {spans: sink} = ctx;
  if (!sink) return {ctx, end: () => {}};
  const parent = parseTraceparent(ctx.traceparent);
  const traceId = parent?.traceId ?? randomHex(16);
  const spanId = randomHex(8);
  const {kind = 'internal', attributes = {}, startNano = epochNano()} = options;
  const own = {traceId, spanId, name, service: sink.service, kind, startNano, attributes};
  return {
    ctx: {...ctx, traceparent: formatTraceparent({traceId, spanId, sampled: true})},
    end(error) {
      sink.add({...own, parentId: parent?.spanId ?? '', endNano: epochNano(), error: text(error)});
    },
  };
}

/** Runs `work` as a span, in the span's context. */
export async function withSpan<T>(
  ctx: CallContext,
  name: string,
  work: (ctx: CallContext) => Promise<T> | T,
  options: SpanOptions = {},
): Promise<T> {
  if (!ctx.spans) return work(ctx);
  const span = startSpan(ctx, name, options);
  try {
    const result = await work(span.ctx);
    span.end();
    return result;
  } catch (error) {
    span.end(error);
    throw error;
  }
}

/** The clock of spans: exact within a process, and as exact as the machine's clock between processes. */
export function epochNano(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;
}

function text(error: unknown): string {
  if (error === undefined) return '';
  return error instanceof Error ? error.message : String(error);
}
