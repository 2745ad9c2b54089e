import {
  closeFd,
  type FileStatus,
  fchmodAt,
  fchownAt,
  fstatAt,
  getXattr,
  listXattrs,
  makedev,
  mknodAt,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  openAt,
  S_IFCHR,
  S_IFDIR,
  S_IFMT,
  setXattr,
  unlinkAt,
  utimensAt,
} from '@longshore/linux';
import {type DirectoryFd, procPath} from './directory-view.ts';
import {bytesOf} from './entry-path.ts';
import {childNames} from './remove-tree.ts';

/** How overlayfs writes down that something is gone (Documentation/filesystems/overlayfs.rst). */
export function isWhiteout(status: FileStatus): boolean {
  return (status.mode & S_IFMT) === S_IFCHR && status.rdev === 0n;
}

export function makeWhiteout(parent: DirectoryFd, name: string): void {
  mknodAt(parent, bytesOf(name), S_IFCHR, makedev(0, 0));
}

/** Removes the whiteouts in a directory and in those below. */
export function removeWhiteouts(directory: DirectoryFd): void {
  for (const name of childNames(directory)) {
    const status = fstatAt(directory, bytesOf(name));
    if (isWhiteout(status)) unlinkAt(directory, bytesOf(name));
    else if ((status.mode & S_IFMT) === S_IFDIR) withChild(directory, name, removeWhiteouts);
  }
}

/** Attributes that are overlayfs's own, in both spellings: never content of a layer. */
export function isOverlayAttribute(name: string): boolean {
  return name.startsWith('trusted.overlay.') || name.startsWith('user.overlay.');
}

export class OpaqueMark {
  readonly #name: string;

  constructor(prefix: 'trusted.' | 'user.') {
    this.#name = `${prefix}overlay.opaque`;
  }

  set(directory: DirectoryFd): void {
    setXattr(procPath(directory, '.'), this.#name, Buffer.from('y'));
  }

  isSet(directory: DirectoryFd): boolean {
    return getXattr(procPath(directory, '.'), this.#name)?.toString() === 'y';
  }
}

/** Owner, mode, attributes and times of a file or directory (no link), from one place to another. */
export function copyAttributes(from: DirectoryFd, fromName: string, to: DirectoryFd, toName: string): FileStatus {
  const status = fstatAt(from, bytesOf(fromName));
  fchownAt(to, bytesOf(toName), status.uid, status.gid);
  fchmodAt(to, bytesOf(toName), status.mode & 0o7777);
  const source = procPath(from, fromName);
  for (const name of listXattrs(source)) {
    const value = isOverlayAttribute(name) ? undefined : getXattr(source, name);
    if (value) setXattr(procPath(to, toName), name, value);
  }
  utimensAt(to, bytesOf(toName), {atime: status.atimeNs, mtime: status.mtimeNs});
  return status;
}

/** Opens a directory by its name; the caller closes it. */
export function openChild(parent: DirectoryFd, name: string): DirectoryFd {
  return openAt(parent, bytesOf(name), O_PATH | O_DIRECTORY | O_NOFOLLOW);
}

/** Runs `action` with a directory's descriptor. */
export function withChild<T>(parent: DirectoryFd, name: string, action: (directory: DirectoryFd) => T): T {
  const directory = openChild(parent, name);
  try {
    return action(directory);
  } finally {
    closeFd(directory);
  }
}
