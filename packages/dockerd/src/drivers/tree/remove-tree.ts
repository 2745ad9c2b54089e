import {
  AT_REMOVEDIR,
  closeFd,
  isErrno,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  openAt,
  readDirectory,
  unlinkAt,
} from '@longshore/linux';
import {maxDepth, tooDeep} from './names.ts';
import type {Pacer} from './pacer.ts';

/** Removes whatever `name` is, links never followed; nothing there is fine. */
export async function removeTree(parent: number, name: Buffer, pacer: Pacer, depth = 0): Promise<void> {
  if (depth > maxDepth) throw tooDeep();
  await pacer.turn();
  try {
    unlinkAt(parent, name);
    return;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    if (!isErrno(error, 'EISDIR', 'EPERM')) throw error;
  }
  const directory = openAt(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  try {
    for (const child of readDirectory(directory)) await removeTree(directory, child.rawName, pacer, depth + 1);
  } finally {
    closeFd(directory);
  }
  unlinkAt(parent, name, AT_REMOVEDIR);
}
