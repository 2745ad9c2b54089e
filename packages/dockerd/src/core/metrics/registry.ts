/** Metrics as Prometheus reads them: counters, gauges and histograms with labels, and their text. */

export type Labels = Readonly<Record<string, string>>;
export type Sample = {labels?: Labels; value: number};

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  lines(): string[];
}

/** Upper bounds in seconds, those of Prometheus' own libraries. */
const defaultBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export class Counter {
  readonly #values = new Map<string, number>();

  /** The value for these labels goes up, from zero when it is new. */
  add(labels: Labels = {}, by = 1): void {
    const key = labelText(labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + by);
  }

  samples(): [labels: string, value: number][] {
    return [...this.#values];
  }
}

export class Histogram {
  readonly #series = new Map<string, {labels: Labels; buckets: number[]; sum: number; count: number}>();

  observe(labels: Labels, seconds: number): void {
    const key = labelText(labels);
    let series = this.#series.get(key);
    if (!series) {
      series = {labels, buckets: defaultBuckets.map(() => 0), sum: 0, count: 0};
      this.#series.set(key, series);
    }
    const at = defaultBuckets.findIndex(bound => seconds <= bound);
    if (at >= 0) series.buckets[at] = (series.buckets[at] as number) + 1;
    series.sum += seconds;
    series.count++;
  }

  lines(name: string): string[] {
    return [...this.#series.entries()].flatMap(([key, {labels, buckets, sum, count}]) => {
      const bucket = (le: string, value: number) => `${name}_bucket${labelText({...labels, le})} ${value}`;
      const upTo = (i: number) => buckets.slice(0, i + 1).reduce((sum, each) => sum + each, 0);
      return [
        ...defaultBuckets.map((bound, i) => bucket(String(bound), upTo(i))),
        bucket('+Inf', count),
        `${name}_sum${key} ${sum}`,
        `${name}_count${key} ${count}`,
      ];
    });
  }
}

export class MetricRegistry {
  readonly #metrics: Metric[] = [];

  counter(name: string, help: string): Counter {
    const counter = new Counter();
    const lines = () => counter.samples().map(([labels, value]) => `${name}${labels} ${value}`);
    this.#metrics.push({name, help, type: 'counter', lines});
    return counter;
  }

  /** A value that is looked up when somebody asks; `counter` is for totals that are kept elsewhere. */
  observed(type: 'gauge' | 'counter', name: string, help: string, read: () => readonly Sample[]): void {
    const lines = () => read().map(({labels = {}, value}) => `${name}${labelText(labels)} ${value}`);
    this.#metrics.push({name, help, type, lines});
  }

  histogram(name: string, help: string): Histogram {
    const histogram = new Histogram();
    this.#metrics.push({name, help, type: 'histogram', lines: () => histogram.lines(name)});
    return histogram;
  }

  /** The exposition format, version 0.0.4, metrics by name. */
  text(): string {
    const sorted = [...this.#metrics].sort((a, b) => (a.name < b.name ? -1 : 1));
    const parts = sorted.map(({name, help, type, lines}) => {
      const samples = lines();
      return samples.length === 0 ? '' : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.join('\n')}\n`;
    });
    return parts.join('');
  }
}

function labelText(labels: Labels): string {
  const entries = Object.entries(labels);
  if (entries.length === 0) return '';
  return `{${entries.map(([key, value]) => `${key}="${escapeValue(value)}"`).join(',')}}`;
}

function escapeValue(value: string): string {
  return value.replace(/[\\"\n]/g, character => (character === '\n' ? '\\n' : `\\${character}`));
}
