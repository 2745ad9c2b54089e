/** The spans of a trace in the order of a waterfall: each below its parent, side by side with the time it took. */
import type {EngineTrace} from '@longshore/api/engine';
import type {FinishedSpan} from '@longshore/base';

export interface Bar {
  name: string;
  service: string;
  depth: number;
  /** Milliseconds after the begin of the trace. */
  start: number;
  duration: number;
  /** Of the duration, what no span below accounts for; zero for what only waits for something outside. */
  own: number;
  error: string;
}

type TraceSpan = Omit<FinishedSpan, 'traceId' | 'kind'>;
/** With its times in milliseconds after the begin of the trace. */
type TimedSpan = TraceSpan & {start: number; end: number};

/** Spans of the engine as those of our own. */
export function fromEngine({Spans: spans}: EngineTrace): TraceSpan[] {
  return spans.map(span => ({
    spanId: span.ID,
    parentId: span.ParentID,
    name: span.Name,
    service: span.Service,
    startNano: BigInt(span.StartNano),
    endNano: BigInt(span.EndNano),
    error: span.Error,
    attributes: span.Attributes,
  }));
}

/** Spans whose parent is not there, because it has not ended or was dropped, stand at the top. */
export function waterfall(spans: readonly TraceSpan[]): Bar[] {
  const timed = withTimes(spans);
  const ids = new Set(timed.map(({spanId}) => spanId));
  const below = Map.groupBy(timed, ({parentId}) => (ids.has(parentId) ? parentId : ''));
  const bars: Bar[] = [];
  const add = (span: TimedSpan, depth: number) => {
    const children = below.get(span.spanId) ?? [];
    const {name, service, error, start, end} = span;
    const own = span.attributes.waits ? 0 : end - start - covered(span, children);
    bars.push({name, service, error, depth, start, duration: end - start, own});
    for (const child of children) add(child, depth + 1);
  };
  for (const span of below.get('') ?? []) add(span, 0);
  return bars;
}

function withTimes(spans: readonly TraceSpan[]): TimedSpan[] {
  const sorted = spans.toSorted((a, b) => Number(a.startNano - b.startNano));
  const begin = sorted[0]?.startNano ?? 0n;
  const milliseconds = (nano: bigint) => Number(nano - begin) / 1e6;
  return sorted.map(span => ({...span, start: milliseconds(span.startNano), end: milliseconds(span.endNano)}));
}

/** Milliseconds of `span` in which at least one of the children, which come by their start, ran. */
function covered(span: TimedSpan, children: readonly TimedSpan[]): number {
  let total = 0;
  let until = span.start;
  for (const {start, end} of children) {
    const from = Math.max(start, until);
    const to = Math.min(end, span.end);
    if (to <= from) continue;
    total += to - from;
    until = to;
  }
  return total;
}
