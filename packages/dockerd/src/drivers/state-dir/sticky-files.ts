import {chmod, stat} from 'node:fs/promises';
import {dirname, isAbsolute, relative, resolve} from 'node:path';
import type {Logger} from '@longshore/base';
import {isErrno} from '@longshore/linux';

const stickyBit = 0o1000;

/**
 * Sets the sticky bit on what is below the user's runtime directory: by the XDG Base Directory Specification that keeps
 * a long-lived file from being cleaned away. Directories between the two get it as well.
 */
export async function stickFiles(runtimeDirectory: string, paths: readonly string[], log: Logger): Promise<void> {
  if (runtimeDirectory === '') return;
  const root = resolve(runtimeDirectory);
  const all = new Set(paths.flatMap(path => upTo(root, resolve(path))));
  for (const path of all) {
    try {
      await chmod(path, ((await stat(path)).mode & 0o7777) | stickyBit);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) log.warn({path, error}, 'cannot set the sticky bit: the file may be cleaned away');
    }
  }
}

/** The path and what is above it, without the root; nothing when it is not below the root. */
function upTo(root: string, path: string): string[] {
  const below = relative(root, path);
  if (below === '' || below.startsWith('..') || isAbsolute(below)) return [];
  return [path, ...upTo(root, dirname(path))];
}
