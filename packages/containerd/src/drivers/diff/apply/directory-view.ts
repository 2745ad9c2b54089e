/** Descriptor-relative access to a tree: nothing in it can lead a path out of it. */
import {
  closeFd,
  isErrno,
  O_DIRECTORY,
  O_PATH,
  openAt2,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
} from '@longshore/linux';
import {bytesOf} from './entry-path.ts';

/** A directory's descriptor (O_PATH), for the *at calls. */
export type DirectoryFd = number;

/** Opens a directory below `root`, which links are taken as "/"; undefined when there is none. */
export function openDirectoryInRoot(root: DirectoryFd, components: readonly string[]): DirectoryFd | undefined {
  return open(root, components, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

/** The same without following any link. */
export function openDirectoryStrictly(root: DirectoryFd, components: readonly string[]): DirectoryFd | undefined {
  return open(root, components, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
}

function open(root: DirectoryFd, components: readonly string[], resolve: number): DirectoryFd | undefined {
  const path = components.length === 0 ? '.' : bytesOf(components.join('/'));
  try {
    return openAt2(root, path, {flags: O_PATH | O_DIRECTORY, resolve});
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined;
    throw error;
  }
}

/** A path that calls without a dirfd can use; its last component is not followed by the l* calls. */
export function procPath(directory: DirectoryFd, name: string): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${directory}/`), bytesOf(name)]);
}

/**
 * Open directories by key, the least recently used dropped first. What is dropped stays open until `release`, so that
 * whoever works on an entry can go on with the descriptors that it has.
 */
export class DirectoryCache implements Disposable {
  readonly #open = new Map<string, DirectoryFd>();
  #dropped: DirectoryFd[] = [];
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(key: string): DirectoryFd | undefined {
    const fd = this.#open.get(key);
    if (fd === undefined) return undefined;
    this.#open.delete(key);
    this.#open.set(key, fd);
    return fd;
  }

  /** Takes the descriptor over. */
  set(key: string, fd: DirectoryFd): void {
    this.#open.set(key, fd);
    if (this.#open.size <= this.#capacity) return;
    for (const [oldest, old] of this.#open) {
      this.#open.delete(oldest);
      this.#dropped.push(old);
      return;
    }
  }

  /** Call it when a directory or a link was replaced: paths may lead elsewhere now. */
  clear(): void {
    this.#dropped.push(...this.#open.values());
    this.#open.clear();
  }

  release(): void {
    for (const fd of this.#dropped) closeFd(fd);
    this.#dropped = [];
  }

  [Symbol.dispose](): void {
    this.clear();
    this.release();
  }
}
