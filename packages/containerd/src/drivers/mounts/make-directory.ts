/** Directories for `mkdir/` mounts: only below roots, whatever links somebody has put there. */
import {chmodSync, chownSync, mkdirSync} from 'node:fs';
import {join, normalize} from 'node:path';
import {EngineError} from '@longshore/errdefs';
import {AT_FDCWD, closeFd, O_DIRECTORY, O_PATH, openAt, openInRoot} from '@longshore/linux';

/** Throws unimplemented for a path that is below none of the roots. One that is there already stays as it is. */
export function makeDirectoryBelow(
  roots: readonly string[],
  path: string,
  mode: number,
  owner?: {uid: number; gid: number},
): void {
  const wanted = normalize(path).replace(/(?!^)\/$/, '');
  const root = roots.find(each => wanted.startsWith(`${each}/`));
  if (root === undefined) {
    const places = roots.join(', ');
    throw new EngineError('unimplemented', `cannot make "${path}": it is not below ${places}: not implemented`);
  }
  const rootFd = openAt(AT_FDCWD, root, O_PATH | O_DIRECTORY);
  try {
    const names = wanted.slice(root.length + 1).split('/');
    for (const [index, name] of names.entries()) {
      const isLast = index === names.length - 1;
      const made = makeOne(rootFd, names.slice(0, index).join('/') || '.', name, isLast ? mode : 0o711);
      if (made && isLast && owner) own(rootFd, wanted.slice(root.length + 1), owner);
    }
  } finally {
    closeFd(rootFd);
  }
}

/** Whether it was not there. */
function makeOne(root: number, parent: string, name: string, mode: number): boolean {
  const parentFd = openInRoot(root, parent, O_PATH | O_DIRECTORY);
  const path = join(`/proc/self/fd/${parentFd}`, name);
  try {
    mkdirSync(path);
    chmodSync(path, mode); // whatever the umask
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    closeFd(openInRoot(root, join(parent, name), O_PATH | O_DIRECTORY)); // throws for a file
    return false;
  } finally {
    closeFd(parentFd);
  }
}

function own(root: number, path: string, {uid, gid}: {uid: number; gid: number}): void {
  const fd = openInRoot(root, path, O_PATH | O_DIRECTORY);
  try {
    chownSync(`/proc/self/fd/${fd}`, uid, gid);
  } finally {
    closeFd(fd);
  }
}
