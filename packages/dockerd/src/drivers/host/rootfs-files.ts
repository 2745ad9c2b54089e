/** Files inside the rootfs of a container. Its links belong to the image: nothing here may follow one out of it. */
import {EngineError} from '@longshore/errdefs';
import {
  closeFd,
  fchownAt,
  fstatAt,
  fstatAtIfExists,
  isErrno,
  mkdirAt,
  O_CLOEXEC,
  O_DIRECTORY,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  openInRoot,
  readFd,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  unlinkAt,
} from '@longshore/linux';
import type {UserDatabase} from '../../core/containers/spec/user.ts';
import type {Owner} from '../../core/users/remapping.ts';

/** A larger passwd file is an attack on the daemon's memory, not a list of users. */
const maximumSize = 4 * 1024 * 1024;

/** /etc/passwd and /etc/group; empty where there is none. Throws for what is no regular file, or too large. */
export function readUserDatabase(rootfs: string): UserDatabase {
  return {passwd: readInside(rootfs, 'etc/passwd'), group: readInside(rootfs, 'etc/group')};
}

function readInside(rootfs: string, path: string): string {
  let fd: number;
  try {
    // Non-blocking: a FIFO in the place of the file must not stop the daemon.
    fd = openInRoot(rootfs, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return '';
    throw error;
  }
  try {
    const status = fstatAt(fd, '');
    if ((status.mode & S_IFMT) !== S_IFREG) throw new EngineError('unknown', `/${path} is not a regular file`);
    return readAll(fd, path);
  } finally {
    closeFd(fd);
  }
}

function readAll(fd: number, path: string): string {
  const pieces: Buffer[] = [];
  let size = 0;
  for (;;) {
    const piece = Buffer.allocUnsafe(64 * 1024);
    const count = readFd(fd, piece) ?? 0;
    if (count === 0) return Buffer.concat(pieces).toString('utf8');
    size += count;
    if (size > maximumSize) throw new EngineError('unknown', `/${path} is larger than ${maximumSize} bytes`);
    pieces.push(piece.subarray(0, count));
  }
}

/** Calls `use` with a descriptor of the directory; undefined when there is no directory at the path. */
export function openDirectoryInside<T>(rootfs: string, path: string, use: (fd: number) => T): T | undefined {
  let fd: number;
  try {
    fd = openInRoot(rootfs, path.replace(/^\/+/, '') || '.', O_PATH | O_DIRECTORY | O_CLOEXEC);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined;
    throw error;
  }
  try {
    return use(fd);
  } finally {
    closeFd(fd);
  }
}

/** Makes a directory and its parents, each with mode 0755. Throws `Cannot mkdir: /x is not a directory`. */
export function makeDirectoryInside(rootfs: string, path: string, owner?: Owner): void {
  const parts = path.split('/').filter(part => part !== '' && part !== '.');
  for (let depth = 1; depth <= parts.length; depth++) {
    const current = parts.slice(0, depth).join('/');
    if (openDirectoryInside(rootfs, current, () => true)) continue;
    const parent = parts.slice(0, depth - 1).join('/');
    const made = openDirectoryInside(rootfs, parent, fd => makeOne(fd, parts[depth - 1] as string, owner));
    if (!made) throw new EngineError('unknown', `Cannot mkdir: ${path} is not a directory`);
  }
}

/** A link at `/name` gives way to a directory; anything else stays. */
export function replaceLinkByDirectory(rootfs: string, name: string, owner?: Owner): void {
  openDirectoryInside(rootfs, '', root => {
    const existing = fstatAtIfExists(root, name);
    if (!existing || (existing.mode & S_IFMT) !== S_IFLNK) return;
    unlinkAt(root, name);
    makeOne(root, name, owner);
  });
}

function makeOne(parent: number, name: string, owner: Owner | undefined): boolean {
  try {
    mkdirAt(parent, name, 0o755);
    if (owner) fchownAt(parent, name, owner.uid, owner.gid);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  }
}
