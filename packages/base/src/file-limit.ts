/**
 * The soft limit of open files that this process was started with. Bun and Node raise their own to the hard limit
 * before any of our code runs, and containers would inherit that: programs that close "every" descriptor, or that
 * allocate by the limit, take seconds or gigabytes then.
 */
import {readFileSync} from 'node:fs';

/** Set by each Longshore process for the next one, since nothing else can tell it. */
export const fileLimitVariable = 'LONGSHORE_NOFILE';

/** systemd raises its own limit, and gives this one to services. */
const serviceDefault = 1024n;

/**
 * What the variable says; else the limit of the parent, which the process has it from unless that is systemd. May be
 * above the hard limit; undefined when nothing can be learned.
 */
export function originalFileLimit(env: Readonly<Record<string, string | undefined>> = process.env): bigint | undefined {
  const told = Number(env[fileLimitVariable]);
  if (Number.isSafeInteger(told) && told > 0) return BigInt(told);
  if (process.ppid === 1 && readFile('/proc/1/comm').startsWith('systemd')) return serviceDefault;
  const soft = /^Max open files\s+(\d+)/m.exec(readFile(`/proc/${process.ppid}/limits`))?.[1];
  return soft === undefined ? undefined : BigInt(soft);
}

/** Empty when it is not there: the parent is gone, or in another pid namespace. */
function readFile(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
