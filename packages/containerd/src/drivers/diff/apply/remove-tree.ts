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
import type {DirectoryFd} from './directory-view.ts';
import {bytesOf} from './entry-path.ts';

/** Removes whatever `name` is, links never followed; nothing there is fine. Returns false when nothing was there. */
export function removeTree(parent: DirectoryFd, name: string): boolean {
  try {
    unlinkAt(parent, bytesOf(name));
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    if (!isErrno(error, 'EISDIR', 'EPERM')) throw error;
  }
  const directory = openAt(parent, bytesOf(name), O_PATH | O_DIRECTORY | O_NOFOLLOW);
  try {
    for (const child of childNames(directory)) removeTree(directory, child);
  } finally {
    closeFd(directory);
  }
  unlinkAt(parent, bytesOf(name), AT_REMOVEDIR);
  return true;
}

/** Names in a directory, as binary strings. */
export function childNames(directory: DirectoryFd): string[] {
  return readDirectory(directory).map(entry => entry.rawName.toString('latin1'));
}
