/** `--ulimit nofile=1024:2048` */
import type {Ulimit} from '@longshore/api/engine';
import {flag} from '../command/flags.ts';

const types = new Set(
  'core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(' '),
);

/** A later one of the same type wins. */
export const ulimitFlag = flag.custom<Ulimit[]>('ulimit', 'Ulimit options', addUlimit, {initial: [], shown: '[]'});

function addUlimit(previous: Ulimit[], text: string): Ulimit[] {
  const ulimit = parseUlimit(text);
  return [...previous.filter(other => other.Name !== ulimit.Name), ulimit].sort((a, b) => (a.Name < b.Name ? -1 : 1));
}

/** Throws an Error with Docker's text. -1 is unlimited. */
export function parseUlimit(text: string): Ulimit {
  const at = text.indexOf('=');
  if (at < 0) throw new Error(`invalid ulimit argument: ${text}`);
  const name = text.slice(0, at);
  const values = text.slice(at + 1).split(':');
  if (!types.has(name)) throw new Error(`invalid ulimit type: ${name}`);
  if (values.length > 2)
    throw new Error(`too many limit value arguments - ${text.slice(at + 1)}, can only have up to two, \`soft[:hard]\``);
  const [softText = '', hardText = softText] = values;
  const hard = limit(hardText);
  const soft = limit(softText);
  if (soft !== -1 && hard !== -1 && soft > hard) {
    throw new Error(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
  }
  if (soft === -1 && hard !== -1) {
    throw new Error(`ulimit soft limit must be less than or equal to hard limit: soft: -1 (unlimited), hard: ${hard}`);
  }
  return {Name: name, Hard: hard, Soft: soft};
}

function limit(text: string): number {
  if (!/^[-+]?\d+$/.test(text)) throw new Error(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}
