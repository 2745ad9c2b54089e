/** Checks of single flag values, done while the command line is read. Errors carry Docker's texts. */
import {isIP} from 'node:net';
import {splitPair} from '../command/flags.ts';

const attachable = ['stdin', 'stdout', 'stderr'];

export function checkAttachStream(text: string): string {
  const stream = text.toLowerCase();
  if (!attachable.includes(stream)) throw new Error('valid streams are STDIN, STDOUT and STDERR');
  return stream;
}

/** `NAME` alone takes the value of this process's environment, when it has one. */
export function checkEnv(text: string): string {
  const [name] = splitPair(text);
  if (name === '') throw new Error(`invalid environment variable: ${text}`);
  const inherited = text.includes('=') ? undefined : process.env[text];
  return inherited === undefined ? text : `${text}=${inherited}`;
}

export function checkLabel(text: string): string {
  const [name] = splitPair(text);
  if (name.trim() === '') throw new Error(`invalid label '${text}': empty name`);
  return text;
}

/** `name:ip` or `name=ip`; the address may stand in brackets, or be `host-gateway`. */
export function checkAddHost(text: string): string {
  const at = text.includes('=') ? text.indexOf('=') : text.indexOf(':');
  const name = text.slice(0, at);
  if (at <= 0) throw new Error(`bad format for add-host: ${JSON.stringify(text)}`);
  const given = text.slice(at + 1);
  const address = /^\[.*\]$/.test(given) ? given.slice(1, -1) : given;
  if (address !== 'host-gateway' && isIP(address) === 0) {
    throw new Error(`invalid IP address in add-host: ${JSON.stringify(given)}`);
  }
  return `${name}:${address}`;
}

export function checkIp(text: string): string {
  const address = text.trim();
  if (isIP(address) === 0) throw new Error(`IP address is not correctly formatted: ${text}`);
  return address;
}

/** `.` stands for "no search domains". */
export function checkDnsSearch(text: string): string {
  const domain = text.trim();
  if (domain === '.') return domain;
  const isDomain =
    /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*\.?$/.test(domain);
  if (!isDomain || !/[a-zA-Z]/.test(domain) || domain.length > 255) throw new Error(`${text} is not a valid domain`);
  return domain;
}

/** `container` or `container:alias` */
export function checkLink(text: string): string {
  if (text === '') throw new Error('empty string specified for links');
  if (text.split(':').length > 2) throw new Error(`bad format for links: ${text}`);
  return text;
}

export function checkDeviceRule(text: string): string {
  if (!/^[acb] ([0-9]+|\*):([0-9]+|\*) [rwm]{1,3}$/.test(text))
    throw new Error(`invalid device cgroup format '${text}'`);
  return text;
}

const nanosPerCpu = 1_000_000_000n;

/** `1.5`, `.5`, `3/4` CPUs in billionths. */
export function parseCpus(text: string): number {
  const match = /^([-+]?)(\d*)(?:\.(\d*))?(?:e([-+]?\d+))?$/i.exec(text) ?? undefined;
  const fraction = /^([-+]?\d+)\/(\d+)$/.exec(text);
  if (fraction && BigInt(fraction[2]!) !== 0n) return exactNanos(BigInt(fraction[1]!), BigInt(fraction[2]!));
  if (!match || (match[2] === '' && !match[3])) throw new Error(`failed to parse ${text} as a rational number`);
  const [, sign, whole = '', decimals = '', exponent = '0'] = match;
  const scale = BigInt(decimals.length) - BigInt(exponent);
  const digits = BigInt(`${whole}${decimals}` || '0') * (sign === '-' ? -1n : 1n);
  return scale >= 0n ? exactNanos(digits, 10n ** scale) : exactNanos(digits * 10n ** -scale, 1n);
}

function exactNanos(numerator: bigint, denominator: bigint): number {
  const nanos = numerator * nanosPerCpu;
  if (nanos % denominator !== 0n) throw new Error('value is too precise');
  return Number(nanos / denominator);
}
