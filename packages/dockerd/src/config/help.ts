/** `dockerd --help` in the layout of the original: flags to the left, descriptions wrapped behind them. */
import {type Kind, kinds} from './kinds.ts';
import {type Option, optionTable} from './option-table.ts';

const column = 46;
/** pflag breaks lines here, but lets the last one be a little longer. */
const lineWidth = 28;
const slop = 5;

export function helpText(): string {
  const options = (Object.values(optionTable) as Option[]).filter(({flag, hidden}) => flag !== '' && !hidden);
  const lines = options.map(option => formatOption(option));
  return `\nUsage:\tdockerd [OPTIONS]\n\nA self-sufficient runtime for containers.\n\nOptions:\n${lines.join('')}`;
}

function formatOption(option: Option): string {
  const kind = kinds[option.kind] as Kind<unknown>;
  const placeholder = option.placeholder ?? kind.placeholder;
  const flag = `${option.short ? `  -${option.short}, ` : '      '}--${option.flag}${placeholder && ` ${placeholder}`}`;
  const lines = wrap(`${option.about}${formatDefault(option)}`, lineWidth);
  return `${flag.padEnd(column)}${lines.join(`\n${' '.repeat(column)}`)}\n`;
}

function wrap(text: string, limit: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length >= limit + slop) {
    const at = rest.lastIndexOf(' ', limit - 1);
    if (at <= 0) break;
    lines.push(rest.slice(0, at));
    rest = rest.slice(at + 1);
  }
  return [...lines, rest];
}

/** As Go prints the value, where it prints one. */
function formatDefault({kind, value, flag}: Option): string {
  const shown: Partial<Record<string, string>> = {
    'default-cgroupns-mode': '"host"',
    'default-shm-size': '64MiB',
    ip: '0.0.0.0',
    tlscacert: '"/root/.docker/ca.pem"',
    tlscert: '"/root/.docker/cert.pem"',
    tlskey: '"/root/.docker/key.pem"',
    'userland-proxy-path': '"/usr/sbin/docker-proxy"',
  };
  const empty: Partial<Record<Option['kind'], string>> = {
    addresses: '[]',
    features: 'map[]',
    map: 'map[]',
    networkOptions: 'map[]',
    runtimes: '[]',
    ulimits: '[]',
  };
  const standard = value ? (typeof value === 'string' ? JSON.stringify(value) : String(value)) : empty[kind];
  const text = shown[flag] ?? standard;
  return text === undefined ? '' : ` (default ${text})`;
}
