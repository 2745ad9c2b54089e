/** Tables in the three layouts that ctr has. */
import {alignColumns, type ColumnOptions} from '@longshore/term';

/** Columns one space apart, each at least as wide as its longest cell: images, content, leases, snapshots. */
export const narrow: ColumnOptions = {minWidth: 1, tabWidth: 8, padding: 1, fill: ' '};
/** Columns that end at tab stops: active transfers. */
export const tabbed: ColumnOptions = {minWidth: 1, tabWidth: 8, padding: 1, fill: '\t'};
/** Columns four wider than their longest cell: containers, tasks. */
export const wide: ColumnOptions = {minWidth: 4, tabWidth: 8, padding: 4, fill: ' '};

/** Every cell, the last one too, belongs to a column, as in the original's output. */
export function table(rows: readonly (readonly string[])[], layout: ColumnOptions): string {
  return alignColumns(rows.map(cells => `${cells.map(cell => `${cell}\t`).join('')}\n`).join(''), layout);
}

/** Only the header's last cell belongs to a column: that of the rows below it has no spaces after it. */
export function openTable([header = [], ...rows]: readonly (readonly string[])[], layout: ColumnOptions): string {
  const lines = [`${header.join('\t')}\t\n`, ...rows.map(cells => `${cells.join('\t')}\n`)];
  return alignColumns(lines.join(''), layout);
}

/** Labels as `a=b,c=d` in order of their names, or "-". */
export function labelText(labels: Record<string, string>): string {
  const words = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return words.length > 0 ? words.sort().join(',') : '-';
}

/** In the order in which Go's encoder writes maps. */
export function sortedMap<T>(map: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A time with all its digits, as Go's encoder writes it; undefined for none. */
export function timeText(time: {seconds: bigint; nanos: number} | undefined): string | undefined {
  if (!time) return undefined;
  const fraction = String(time.nanos).padStart(9, '0').replace(/0+$/, '');
  const seconds = new Date(Number(time.seconds) * 1000).toISOString().slice(0, 19);
  return `${seconds}${fraction ? `.${fraction}` : ''}Z`;
}

/** Indented JSON as Go's encoder writes it with four spaces, with a final newline. */
export function indentedJson(value: unknown): string {
  return `${JSON.stringify(value, (_key, v: unknown) => (typeof v === 'bigint' ? Number(v) : v), 4)}\n`;
}
