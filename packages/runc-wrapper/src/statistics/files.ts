/** Readers of cgroup files, for numbers beyond 2^53 too. */
import {readFileSync} from 'node:fs';

/** 2^64-1: how runc writes `max`, no limit. */
export const noLimit = 2n ** 64n - 1n;

/** Undefined when the directory or the file is not there. */
export function readText(directory: string | undefined, file: string): string | undefined {
  if (directory === undefined) return undefined;
  try {
    return readFileSync(`${directory}/${file}`, 'latin1').trim();
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    // EOPNOTSUPP: a file of a controller that this kernel has and does not serve.
    if (code === 'ENOENT' || code === 'ENODEV' || code === 'EOPNOTSUPP') return undefined;
    throw error;
  }
}

/** 0 when it is not there or no number. */
export function readNumber(directory: string | undefined, file: string): bigint {
  return parseNumber(readText(directory, file) ?? '');
}

export function parseNumber(text: string): bigint {
  if (text === 'max') return noLimit;
  return /^-?\d+$/.test(text) ? BigInt(text) : 0n;
}

/** Lines `name value`, in the order of the file. */
export function readTable(directory: string | undefined, file: string): Map<string, bigint> {
  const lines = (readText(directory, file) ?? '').split('\n');
  return new Map(lines.filter(Boolean).map(line => [line.split(' ')[0]!, parseNumber(line.split(' ')[1] ?? '')]));
}

/** `0-2,7` as [0, 1, 2, 7]. */
export function parseList(text: string): number[] {
  return text
    .split(',')
    .filter(Boolean)
    .flatMap(range => {
      const [first = 0, last = first] = range.split('-').map(Number);
      return Array.from({length: last - first + 1}, (_, i) => first + i);
    });
}

/** Go's `omitempty`: leaves out members that are zero, empty or absent. */
export function withoutEmpty(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === undefined || value === 0 || value === 0n || value === '';
}
