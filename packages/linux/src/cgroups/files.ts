import {readDirectory} from '../directory.ts';
import {Errno} from '../errno-names.ts';
import {SystemCallError} from '../errors.ts';
import type {KeptFiles} from '../kept-files.ts';
import {readKernelFileIfExists} from '../kernel-file.ts';
import {fstatAtIfExists} from '../nodes.ts';
import {AT_FDCWD} from '../open-at.ts';

/** 2^64-1: how `max` (no limit) is given as a number, as containerd does. */
export const noLimit = 2n ** 64n - 1n;

let reader: (path: string) => string | undefined = readKernelFileIfExists;

/** The text of a cgroup file; undefined if it is not there. */
export function readText(path: string): string | undefined {
  return reader(path);
}

/** All that `call` reads, which must not wait for anything, is read through files that stay open. */
export function readingThrough<T>(files: KeptFiles, call: () => T): T {
  reader = path => files.read(path);
  try {
    return call();
  } finally {
    reader = readKernelFileIfExists;
  }
}

/** A number in a cgroup file; `max` is `ifMax`, a missing file or other text undefined. */
export function readNumber(directory: string, file: string, ifMax = noLimit): bigint | undefined {
  const text = readText(`${directory}/${file}`)?.trim();
  if (text === 'max') return ifMax;
  return text !== undefined && /^-?\d+$/.test(text) ? BigInt(text) : undefined;
}

/** Lines `name value` of a cgroup file as numbers; empty if there is no such file. */
export function readTable(directory: string, file: string): Map<string, bigint> {
  const table = new Map<string, bigint>();
  for (const line of (readText(`${directory}/${file}`) ?? '').split('\n')) {
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

/** True if there is such a file or directory. */
export function exists(path: string): boolean {
  return fstatAtIfExists(AT_FDCWD, path) !== undefined;
}

/** Names in a cgroup's directory; none if it is gone. */
export function listFiles(directory: string): string[] {
  return entriesOf(directory).map(entry => entry.name);
}

/** The cgroup's directory and all below it, children before parents; none if it is gone. */
export function treeOf(directory: string): string[] {
  if (!exists(directory)) return [];
  const children = entriesOf(directory).filter(entry => entry.kind === 'directory');
  return [...children.flatMap(child => treeOf(`${directory}/${child.name}`)), directory];
}

function entriesOf(directory: string): ReturnType<typeof readDirectory> {
  try {
    return readDirectory(directory);
  } catch (error) {
    const gone: number[] = [Errno.ENOENT, Errno.ENODEV];
    if (error instanceof SystemCallError && gone.includes(error.errno)) return [];
    throw error;
  }
}
