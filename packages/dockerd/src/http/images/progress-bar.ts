/** The text form of a progress bar, which old clients show as it is. */

const width = 50;
const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** `[=====>     ]  1.049MB/2.131MB`; without a total only the count. */
export function progressBar(current: number, total: number): string {
  if (current <= 0 && total <= 0) return '';
  const shown = formatSize(current).padStart(8);
  if (total <= 0 || current > total) return shown;
  const done = Math.min(width, Math.floor((current / total) * width));
  const left = ' '.repeat(Math.max(0, width - done));
  return `[${'='.repeat(done)}>${left}] ${shown}/${formatSize(total)}`;
}

/** Four significant digits and a decimal unit, as Go's units.HumanSize. */
export function formatSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${Number(value.toPrecision(4))}${units[unit]}`;
}
