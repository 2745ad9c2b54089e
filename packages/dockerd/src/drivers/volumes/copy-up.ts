/** Fills a new volume with what the image has at its place. */
import {readdir, rm} from 'node:fs/promises';
import {join} from 'node:path';
import type {CallContext} from '@longshore/base';
import {isErrorCode} from '@longshore/errdefs';
import {AT_FDCWD, closeFd, isErrno, O_DIRECTORY, O_NOFOLLOW, O_RDONLY, openAt, readDirectory} from '@longshore/linux';
import {copyTree} from './copy-tree.ts';

/**
 * Copies `source` into `target` unless there is something in the target, nothing in the source, or no such directory.
 * When the copy fails the target is empty again.
 */
export async function copyUp(ctx: CallContext, source: string, target: string): Promise<void> {
  const from = openDirectory(source);
  if (from === undefined) return;
  try {
    const to = openAt(AT_FDCWD, target, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    try {
      if (readDirectory(to).length > 0) return;
      await copyOrEmpty(ctx, from, to, target);
    } finally {
      closeFd(to);
    }
  } finally {
    closeFd(from);
  }
}

async function copyOrEmpty(ctx: CallContext, from: number, to: number, target: string): Promise<void> {
  try {
    await copyTree(ctx, from, to);
  } catch (error) {
    for (const name of await readdir(target)) await rm(join(target, name), {recursive: true, force: true});
    throw error;
  }
}

/** Undefined when there is nothing, or a file. */
function openDirectory(path: string): number | undefined {
  try {
    return openAt(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  } catch (error) {
    if (isErrorCode(error, 'not-found') || isErrno(error, 'ENOTDIR', 'ELOOP')) return undefined;
    throw error;
  }
}
