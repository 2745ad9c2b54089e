/** The last traces that passed through a process, for whoever asks for them soon. */
import type {FinishedSpan, SpanSink} from './span.ts';

const maximumTraces = 32;
const maximumSpans = 2000;

export class SpanRing implements SpanSink {
  readonly service: string;
  /** Insertion order is age. */
  readonly #traces = new Map<string, FinishedSpan[]>();

  constructor(service: string) {
    this.service = service;
  }

  /** The oldest trace makes room for a new one; what a trace has too much of is dropped. */
  add(span: FinishedSpan): void {
    let spans = this.#traces.get(span.traceId);
    if (!spans) {
      spans = [];
      this.#traces.set(span.traceId, spans);
      const [oldest] = this.#traces.keys();
      if (this.#traces.size > maximumTraces && oldest !== undefined) this.#traces.delete(oldest);
    }
    if (spans.length < maximumSpans) spans.push(span);
  }

  list(traceId: string): readonly FinishedSpan[] {
    return this.#traces.get(traceId) ?? [];
  }

  get size(): number {
    return this.#traces.size;
  }
}
