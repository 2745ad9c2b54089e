/** The edge of a process: which of the calls that come in are traced, and where their spans go. */
import type {CallContext} from '../call-context.ts';
import type {FinishedSpan, SpanSink} from './span.ts';
import {SpanRing} from './span-ring.ts';
import {parseTraceparent} from './traceparent.ts';

export class Tracer implements SpanSink {
  readonly ring: SpanRing;
  /** Sends every span to a collector; undefined when none is configured. */
  readonly #exporter: SpanSink | undefined;

  constructor(service: string, exporter?: SpanSink) {
    this.ring = new SpanRing(service);
    this.#exporter = exporter;
  }

  get service(): string {
    return this.ring.service;
  }

  /**
   * What a context needs for a call that came with this header. A caller that traces is always followed; with a
   * collector calls without a header begin traces of their own.
   */
  follow(traceparent: string): Pick<CallContext, 'traceparent' | 'spans'> {
    const parent = parseTraceparent(traceparent);
    const isTraced = parent ? parent.sampled : this.#exporter !== undefined;
    return isTraced ? {traceparent: parent ? traceparent : '', spans: this} : {traceparent, spans: undefined};
  }

  add(span: FinishedSpan): void {
    this.ring.add(span);
    this.#exporter?.add(span);
  }
}
