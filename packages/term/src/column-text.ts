/**
 * Text in elastic columns, laid out as Go's text/tabwriter does, because scripts cut Docker's and containerd's tables
 * at byte positions. A cell ends with a tab; the last cell of a line belongs to no column; a column is a run of
 * neighbouring lines that have a cell there, and each run has a width of its own.
 */
export interface ColumnOptions {
  /** A column is at least this wide, padding included. */
  minWidth: number;
  /** Distance of tab stops; only used with `padding: '\t'` characters. */
  tabWidth: number;
  /** Added to the longest cell of a column. */
  padding: number;
  /** What fills a cell: spaces, or tabs (then widths are rounded up to tab stops). */
  fill: ' ' | '\t';
}

/** The layout of nearly every `docker` table. */
export const dockerColumns: ColumnOptions = {minWidth: 10, tabWidth: 1, padding: 3, fill: ' '};

/** Lays out `text`, whose cells end with tabs and whose lines end with newlines. */
export function alignColumns(text: string, options: ColumnOptions): string {
  const lines = text.split('\n').map(line => line.split('\t'));
  const widths: number[][] = lines.map(() => []);
  measure(lines, widths, 0, lines.length, 0, options);
  return lines.map((cells, row) => formatLine(cells, widths[row] ?? [], options)).join('\n');
}

/** Finds the runs of lines with a terminated cell at `column` and gives each run its width, then goes right. */
function measure(
  lines: string[][],
  widths: number[][],
  from: number,
  to: number,
  column: number,
  o: ColumnOptions,
): void {
  for (let row = from; row < to; row++) {
    if (!hasCell(lines[row], column)) continue;
    let end = row;
    let width = o.minWidth;
    for (; end < to && hasCell(lines[end], column); end++) {
      width = Math.max(width, textWidth(lines[end]?.[column] ?? '') + o.padding);
    }
    for (let i = row; i < end; i++) widths[i]![column] = width;
    measure(lines, widths, row, end, column + 1, o);
    row = end;
  }
}

/** The last cell of a line is not terminated by a tab, so it is no part of a column. */
function hasCell(line: string[] | undefined, column: number): boolean {
  return line !== undefined && column < line.length - 1;
}

function formatLine(cells: string[], widths: number[], o: ColumnOptions): string {
  let out = '';
  cells.forEach((cell, column) => {
    out += cell;
    const width = widths[column];
    if (width === undefined) return;
    if (o.fill === ' ') out += ' '.repeat(width - textWidth(cell));
    else {
      const stop = Math.ceil(width / o.tabWidth) * o.tabWidth;
      out += '\t'.repeat(Math.ceil((stop - textWidth(cell)) / o.tabWidth));
    }
  });
  return out;
}

/** Code points, as tabwriter counts them. */
function textWidth(text: string): number {
  let width = 0;
  for (const _ of text) width++;
  return width;
}
