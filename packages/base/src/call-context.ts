import {discardLogger, type Logger} from './log.ts';
import type {SpanSink} from './trace/span.ts';

/** What travels down with a request: its cancellation, its containerd namespace, its lease and its log. */
export interface CallContext {
  readonly signal: AbortSignal;
  readonly namespace: string;
  /** containerd lease that created objects are attached to; empty for none. */
  readonly lease: string;
  readonly log: Logger;
  /** W3C traceparent of the caller's span; empty when nobody traces. */
  readonly traceparent: string;
  /** Where the spans of this call go; absent when it is not traced. */
  readonly spans?: SpanSink | undefined;
}

const never = new AbortController().signal;

export function callContext(parts: Partial<CallContext> = {}): CallContext {
  return {
    signal: parts.signal ?? never,
    namespace: parts.namespace ?? '',
    lease: parts.lease ?? '',
    log: parts.log ?? discardLogger(),
    traceparent: parts.traceparent ?? '',
    spans: parts.spans,
  };
}

/** The context of work that no request asked for: start-up, supervision, clean-up. */
export function backgroundContext(log: Logger, namespace = ''): CallContext {
  return callContext({log, namespace});
}

export function withNamespace(ctx: CallContext, namespace: string): CallContext {
  return {...ctx, namespace};
}

export function withSignal(ctx: CallContext, signal: AbortSignal): CallContext {
  return {...ctx, signal};
}

/** The same call, ended after `milliseconds` at the latest. */
export function withTimeout(ctx: CallContext, milliseconds: number): CallContext {
  return {...ctx, signal: AbortSignal.any([ctx.signal, AbortSignal.timeout(milliseconds)])};
}
