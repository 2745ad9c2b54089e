/** Go's duration texts: `1h2m3.5s`, `300ms`. Values are nanoseconds. */

const unitNanos: Record<string, number> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Reads `1m30s`; undefined when the text is no duration. A bare `0` is one, any other bare number is not. */
export function tryParseDuration(text: string): number | undefined {
  const sign = text.startsWith('-') ? -1 : 1;
  const body = text.replace(/^[-+]/, '');
  if (body === '0') return 0;
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(body)) return undefined;
  let total = 0;
  for (const [, amount, unit] of body.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    total += Number(amount) * (unitNanos[unit!] ?? 0);
  }
  return sign * Math.round(total);
}

/** Reads a duration or throws an Error with the text of Go's time.ParseDuration. */
export function parseDuration(text: string): number {
  const nanos = tryParseDuration(text);
  if (nanos !== undefined) return nanos;
  const quoted = JSON.stringify(text);
  if (/^[-+]?(\d+\.?\d*|\.\d+)$/.test(text)) throw new Error(`time: missing unit in duration ${quoted}`);
  const unit = /^[-+]?(?:\d+\.?\d*|\.\d+)([^\d.]+)/.exec(text)?.[1];
  if (unit) throw new Error(`time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`);
  throw new Error(`time: invalid duration ${quoted}`);
}

/** `1h0m0s`, `1m30s`, `1.5s`, `300ms`, `0s`: Go's Duration.String. */
export function formatDuration(nanos: number): string {
  if (nanos === 0) return '0s';
  const sign = nanos < 0 ? '-' : '';
  const abs = Math.abs(nanos);
  if (abs < 1e3) return `${sign}${abs}ns`;
  if (abs < 1e6) return `${sign}${trim(abs / 1e3)}µs`;
  if (abs < 1e9) return `${sign}${trim(abs / 1e6)}ms`;
  const hours = Math.floor(abs / 3600e9);
  const minutes = Math.floor((abs % 3600e9) / 60e9);
  const seconds = `${trim((abs % 60e9) / 1e9)}s`;
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`;
}

function trim(value: number): string {
  return Number(value.toFixed(9)).toString();
}
