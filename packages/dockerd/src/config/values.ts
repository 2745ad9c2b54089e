/** Values as Docker's flags write them: sizes and ulimits. */
import {EngineError} from '@longshore/errdefs';

const factors: Record<string, number> = {b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, p: 2 ** 50};

/** Bytes out of `64m`, `1.5GiB`, `67108864`: units are powers of 1024. Throws `invalid size: 'x'`. */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?(?:([bkmgtp])(?:i?b)?)?$/i.exec(text.trim());
  if (!match) throw new EngineError('invalid-argument', `invalid size: '${text}'`);
  return Math.floor(Number(match[1]) * (factors[(match[2] ?? 'b').toLowerCase()] as number));
}

/** Names that setrlimit(2) knows, as Docker spells them, with the number of each. */
export const ulimitNames = [
  'core',
  'cpu',
  'data',
  'fsize',
  'locks',
  'memlock',
  'msgqueue',
  'nice',
  'nofile',
  'nproc',
  'rss',
  'rtprio',
  'rttime',
  'sigpending',
  'stack',
] as const;

/** Reads `nofile=1024:2048` or `nofile=1024`. Throws Docker's messages. */
export function parseUlimit(text: string): {name: string; soft: number; hard: number} {
  const [, name, limits] = /^([^=]*)=([^=]*)$/.exec(text) ?? [];
  if (name === undefined || limits === undefined) throw invalid(`invalid ulimit argument: ${text}`);
  if (!ulimitNames.some(known => known === name)) throw invalid(`invalid ulimit type: ${name}`);
  const parts = limits.split(':');
  if (parts.length > 2) {
    throw invalid(`too many limit value arguments - ${limits}, can only have up to two, \`soft[:hard]\``);
  }
  const [soft = 0, hard = soft] = parts.map(parseLimit);
  if (hard !== -1 && (soft === -1 || soft > hard)) {
    const shown = soft === -1 ? `-1 > ${hard}` : `${soft} > ${hard}`;
    throw invalid(`ulimit soft limit must be less than or equal to hard limit: ${shown}`);
  }
  return {name, soft, hard};
}

function parseLimit(value: string): number {
  if (!/^-?\d{1,15}$/.test(value)) throw invalid(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
  return Number(value);
}

function invalid(message: string): EngineError {
  return new EngineError('invalid-argument', message);
}
