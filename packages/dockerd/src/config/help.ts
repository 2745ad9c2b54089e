/** `dockerd --help` in the layout of the original: 42 columns of flags, descriptions wrapped behind them. */
import {type Kind, kinds} from './kinds.ts';
import {type Option, optionTable} from './option-table.ts';

const column = 42;
const width = 80;

export function helpText(): string {
  const options = Object.values(optionTable) as Option[];
  const lines = options.map(option => formatOption(option));
  return `\nUsage:	dockerd [OPTIONS]\n\nA self-sufficient runtime for containers.\n\nOptions:\n${lines.join('')}`;
}

function formatOption(option: Option): string {
  const kind = kinds[option.kind] as Kind<unknown>;
  const placeholder = option.placeholder ?? kind.placeholder;
  const flag = `${option.short ? `  -${option.short}, ` : '      '}--${option.flag}${placeholder && ` ${placeholder}`}`;
  const words = `${option.about}${formatDefault(option)}`.split(' ');
  const lines: string[] = [''];
  for (const word of words) {
    const line = lines[lines.length - 1] as string;
    if (line !== '' && column + line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return `${flag.padEnd(column - 2)}  ${lines.join(`\n${' '.repeat(column)}`)}\n`;
}

function formatDefault({kind, value}: Option): string {
  if (value === undefined || value === false) return '';
  if (kind === 'bytes') return ' (default 64MiB)';
  return typeof value === 'string' ? ` (default "${value}")` : ` (default ${value})`;
}
