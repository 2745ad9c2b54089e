/** A waterfall for the terminal. */
import type {Bar} from './waterfall.ts';

const widest = 60;
const narrowest = 16;
/** Programs by the names that fit into a column. */
const shortNames: Record<string, string> = {'containerd-shim-runc-v2': 'shim'};

/** Lines of at most `columns` characters: time of begin, duration, program, name, and a bar. */
export function waterfallText(bars: readonly Bar[], columns: number): string {
  const end = Math.max(...bars.map(({start, duration}) => start + duration), 0.001);
  const names = bars.map(bar => `${'  '.repeat(bar.depth)}${shortName(bar.name)}${bar.error === '' ? '' : ' ✗'}`);
  const services = bars.map(({service}) => shortNames[service] ?? service);
  const serviceWidth = Math.max(7, ...services.map(text => text.length));
  const numbers = 2 * 10 + 1;
  const nameWidth = Math.min(widest, Math.max(4, ...names.map(text => text.length)));
  const barWidth = Math.max(narrowest, columns - numbers - serviceWidth - nameWidth - 4);
  const head = `${'start ms'.padStart(10)} ${'took ms'.padStart(10)} ${'program'.padEnd(serviceWidth)} what\n`;
  const lines = bars.map((bar, i) => {
    const name = (names[i] as string).slice(0, nameWidth).padEnd(nameWidth);
    const times = `${bar.start.toFixed(2).padStart(10)} ${bar.duration.toFixed(2).padStart(10)}`;
    return `${times} ${(services[i] as string).padEnd(serviceWidth)} ${name} ${drawBar(bar, end, barWidth)}`.trimEnd();
  });
  return `${head}${lines.map(line => `${line}\n`).join('')}`;
}

/** Where the time went: programs by the time in which they alone were at work. */
export function summaryText(bars: readonly Bar[]): string {
  const own = new Map<string, number>();
  for (const bar of bars) own.set(bar.service, (own.get(bar.service) ?? 0) + bar.own);
  const parts = [...own]
    .sort(([, a], [, b]) => b - a)
    .map(([service, time]) => `${shortNames[service] ?? service} ${time.toFixed(1)} ms`);
  return `own time: ${parts.join(', ')}\n`;
}

/** The service of a gRPC method without the names of its package. */
export function shortName(name: string): string {
  return name.replace(/^(?:[a-z0-9]+\.)+(?=[A-Z][A-Za-z]*\/)/, '');
}

function drawBar({start, duration}: Bar, end: number, width: number): string {
  const from = Math.min(width - 1, Math.floor((start / end) * width));
  const length = Math.max(1, Math.min(width - from, Math.round((duration / end) * width)));
  return `${' '.repeat(from)}${duration / end < 0.5 / width ? '▏' : '█'.repeat(length)}`;
}
