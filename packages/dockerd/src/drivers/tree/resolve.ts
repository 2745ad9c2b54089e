/** Opens paths inside a root, and tells where links lead. */
import {EngineError} from '@longshore/errdefs';
import {
  closeFd,
  fstatAtIfExists,
  isErrno,
  O_DIRECTORY,
  O_PATH,
  openInRoot,
  readlinkAt,
  S_IFLNK,
  S_IFMT,
} from '@longshore/linux';
import {bytesOf, componentsOf} from './names.ts';

/** As Linux itself. */
const maxLinks = 40;

/** An O_PATH descriptor of a directory. Throws `not-found`, and `invalid-argument` when it is something else. */
export function openDirectory(root: number, components: readonly string[]): number {
  try {
    return openInRoot(root, components.length === 0 ? '.' : bytesOf(components.join('/')), O_PATH | O_DIRECTORY);
  } catch (error) {
    if (isErrno(error, 'ENOTDIR')) throw new EngineError('invalid-argument', 'not a directory', {cause: error});
    throw error;
  }
}

/** Components of the path without any link in it; what does not exist stays as it is. For messages and checks only. */
export function resolveLinks(root: number, components: readonly string[]): string[] {
  const path: string[] = [];
  const todo = [...components].reverse();
  let links = 0;
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    if (name === '..') {
      path.pop();
      continue;
    }
    const target = linkTarget(root, path, name);
    if (target === undefined) {
      path.push(name);
      continue;
    }
    if (++links > maxLinks) throw new EngineError('invalid-argument', 'too many levels of symbolic links');
    if (target[0] === 0x2f) path.length = 0;
    todo.push(...componentsOf(target).reverse());
  }
  return path;
}

function linkTarget(root: number, parent: readonly string[], name: string): Buffer | undefined {
  let directory: number;
  try {
    directory = openDirectory(root, parent);
  } catch {
    return undefined; // there is nothing, and so no link
  }
  try {
    const status = fstatAtIfExists(directory, bytesOf(name));
    return status && (status.mode & S_IFMT) === S_IFLNK ? readlinkAt(directory, bytesOf(name)) : undefined;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EINVAL')) return undefined; // changed meanwhile
    throw error;
  } finally {
    closeFd(directory);
  }
}
