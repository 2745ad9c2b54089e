/** Columns as Go's tabwriter aligns them: each as wide as its widest cell plus `padding`, `minimum` at least. */
export function table(rows: readonly (readonly string[])[], minimum: number, padding: number): string {
  const widths: number[] = [];
  for (const row of rows) {
    // The last cell of a row ends it and takes part in no column.
    for (const [i, cell] of row.slice(0, -1).entries())
      widths[i] = Math.max(widths[i] ?? minimum, cell.length + padding);
  }
  return rows
    .map(row => `${row.map((cell, i) => (i < row.length - 1 ? cell.padEnd(widths[i]!) : cell)).join('')}\n`)
    .join('');
}
