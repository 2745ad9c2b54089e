/** Metrics as Prometheus reads them: families of samples, in its text format 0.0.4. */

export interface Sample {
  readonly labels: {readonly [name: string]: string};
  readonly value: number | bigint;
  /** What follows the family's name: `_bucket`, `_sum` and `_count` of a histogram. */
  readonly suffix?: string;
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly samples: readonly Sample[];
}

/** One family a name, in the order of the names; families of the same name are joined. */
export function formatFamilies(families: readonly Family[]): string {
  const byName = Map.groupBy(families, ({name}) => name);
  const names = [...byName.keys()].sort();
  return names.map(name => formatFamily(byName.get(name) as Family[])).join('');
}

function formatFamily(parts: readonly Family[]): string {
  const [{name, help, type}] = parts as [Family];
  const lines = parts.flatMap(({samples}) => samples.map(sample => formatSample(name, sample)));
  if (lines.length === 0) return '';
  return [`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n');
}

function formatSample(name: string, {labels, value, suffix = ''}: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  return `${name}${suffix}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${formatValue(value)}`;
}

function formatValue(value: number | bigint): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return String(value);
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}
