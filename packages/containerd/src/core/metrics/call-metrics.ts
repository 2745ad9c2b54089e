/** Counts of calls by service, method and outcome, under the names that Go's gRPC middleware gave them. */
import type {Family, Sample} from './families.ts';

export interface CallKind {
  /** Full name of the service. */
  readonly service: string;
  readonly method: string;
  readonly type: 'unary' | 'server_stream' | 'client_stream' | 'bidi_stream';
}

/** One call on its way. */
export interface CallRecord {
  received(): void;
  sent(): void;
  /** With the number of its gRPC status. */
  ended(code: number): void;
}

export interface CallObserver {
  begin(kind: CallKind): CallRecord;
}

/** Names of gRPC's status numbers, by number. */
const codeNames = [
  ...['OK', 'Canceled', 'Unknown', 'InvalidArgument', 'DeadlineExceeded', 'NotFound', 'AlreadyExists'],
  ...['PermissionDenied', 'ResourceExhausted', 'FailedPrecondition', 'Aborted', 'OutOfRange', 'Unimplemented'],
  ...['Internal', 'Unavailable', 'DataLoss', 'Unauthenticated'],
];

/** Upper bounds of the classes of duration, in seconds. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface Counts {
  readonly kind: CallKind;
  started: number;
  received: number;
  sent: number;
  readonly handled: number[];
  /** Calls whose duration lies in each class; the last has no bound. */
  readonly classes: number[];
  seconds: number;
}

export class CallMetrics implements CallObserver {
  readonly #counts = new Map<string, Counts>();
  readonly #histogram: boolean;

  /** `histogram` adds durations, which are many lines. Methods of `kinds` are shown before they are first called. */
  constructor(kinds: Iterable<CallKind>, histogram: boolean) {
    this.#histogram = histogram;
    for (const kind of kinds) this.#of(kind);
  }

  begin(kind: CallKind): CallRecord {
    const counts = this.#of(kind);
    const start = performance.now();
    let isOpen = true;
    counts.started++;
    return {
      received: () => void counts.received++,
      sent: () => void counts.sent++,
      ended: code => {
        if (!isOpen) return;
        isOpen = false;
        counts.handled[code] = (counts.handled[code] ?? 0) + 1;
        const seconds = (performance.now() - start) / 1000;
        const at = bounds.findIndex(bound => seconds <= bound);
        const chosen = at < 0 ? bounds.length : at;
        counts.classes[chosen] = (counts.classes[chosen] ?? 0) + 1;
        counts.seconds += seconds;
      },
    };
  }

  families(): Family[] {
    const all = [...this.#counts.values()];
    const simple = (name: string, help: string, value: (counts: Counts) => number): Family => ({
      ...{name, help, type: 'counter'},
      samples: all.map(counts => ({labels: labelsOf(counts.kind), value: value(counts)})),
    });
    const families: Family[] = [
      simple('grpc_server_started_total', 'Total number of RPCs started on the server.', ({started}) => started),
      simple(
        'grpc_server_msg_received_total',
        'Total number of RPC stream messages received on the server.',
        ({received}) => received,
      ),
      simple(
        'grpc_server_msg_sent_total',
        'Total number of gRPC stream messages sent by the server.',
        ({sent}) => sent,
      ),
      {
        name: 'grpc_server_handled_total',
        help: 'Total number of RPCs completed on the server, regardless of success or failure.',
        type: 'counter',
        samples: all.flatMap(handledSamples),
      },
    ];
    if (this.#histogram) families.push(durationsOf(all));
    return families;
  }

  #of(kind: CallKind): Counts {
    const key = `${kind.service}/${kind.method}`;
    const known = this.#counts.get(key);
    if (known) return known;
    const classes = Array.from({length: bounds.length + 1}, () => 0);
    const made: Counts = {kind, started: 0, received: 0, sent: 0, handled: [], classes, seconds: 0};
    this.#counts.set(key, made);
    return made;
  }
}

function labelsOf({service, method, type}: CallKind): {[name: string]: string} {
  return {grpc_method: method, grpc_service: service, grpc_type: type};
}

function handledSamples({kind, handled}: Counts): Sample[] {
  return codeNames.map((name, code) => ({
    labels: {grpc_code: name, ...labelsOf(kind)},
    value: handled[code] ?? 0,
  }));
}

function durationsOf(all: readonly Counts[]): Family {
  const samples = all.flatMap(({kind, classes, seconds}) => {
    const labels = labelsOf(kind);
    let below = 0;
    const buckets = classes.map((count, index): Sample => {
      below += count;
      const bound = bounds[index];
      return {labels: {...labels, le: bound === undefined ? '+Inf' : String(bound)}, value: below, suffix: '_bucket'};
    });
    return [...buckets, {labels, value: seconds, suffix: '_sum'}, {labels, value: below, suffix: '_count'}];
  });
  const help = 'Histogram of response latency (seconds) of gRPC that had been application-level handled by the server.';
  return {name: 'grpc_server_handling_seconds', help, type: 'histogram', samples};
}
