import {readdirSync} from 'node:fs';
import {readKernelFileIfExists} from '../kernel-file.ts';

/** 2^64-1: how `max` (no limit) is given as a number, as containerd does. */
export const noLimit = 2n ** 64n - 1n;

/** A number in a cgroup file; `max` is `ifMax`, a missing file or other text undefined. */
export function readNumber(directory: string, file: string, ifMax = noLimit): bigint | undefined {
  const text = readKernelFileIfExists(`${directory}/${file}`)?.trim();
  if (text === 'max') return ifMax;
  return text !== undefined && /^-?\d+$/.test(text) ? BigInt(text) : undefined;
}

/** Lines `name value` of a cgroup file as numbers; empty if there is no such file. */
export function readTable(directory: string, file: string): Map<string, bigint> {
  const table = new Map<string, bigint>();
  for (const line of (readKernelFileIfExists(`${directory}/${file}`) ?? '').split('\n')) {
    const [name, value] = line.split(' ');
    if (name && value !== undefined && /^\d+$/.test(value)) table.set(name, BigInt(value));
  }
  return table;
}

/** Pids in cgroup.procs; none if the cgroup is gone. */
export function readPids(directory: string): number[] {
  const text = readKernelFileIfExists(`${directory}/cgroup.procs`) ?? '';
  return text.split('\n').filter(Boolean).map(Number);
}

/** The cgroup's directory and all below it, children before parents; none if it is gone. */
export function treeOf(directory: string): string[] {
  const below: string[] = [];
  let entries: {name: string; isDirectory(): boolean}[];
  try {
    entries = readdirSync(directory, {withFileTypes: true});
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENODEV') return [];
    throw error;
  }
  for (const entry of entries) if (entry.isDirectory()) below.push(...treeOf(`${directory}/${entry.name}`));
  return [...below, directory];
}
