import {
  AT_FDCWD,
  closeFd,
  fchmodAt,
  fchownAt,
  isErrno,
  O_NOFOLLOW,
  O_PATH,
  openAt,
  setXattr,
  utimensAt,
} from '@longshore/linux';
import type {TarEntry} from '@longshore/oci';
import type {Owner} from '../../core/users/remapping.ts';

/** Puts owner, mode, extended attributes and time on what has just been made. Links are never followed. */
export function applyAttributes(entry: TarEntry, {uid, gid}: Owner, parent: number, name: Buffer): void {
  fchownAt(parent, name, uid, gid); // takes set-id bits and capabilities away: it comes first
  if (entry.type !== 'symlink') changeMode(parent, name, entry.mode);
  const path = Buffer.concat([Buffer.from(`/proc/self/fd/${parent}/`), name]);
  for (const [key, value] of entry.xattrs) applyXattr(path, key, value);
  utimensAt(parent, name, {atime: entry.mtime, mtime: entry.mtime});
}

/** By way of a descriptor, since fchmodat(2) follows links. */
function changeMode(parent: number, name: Buffer, mode: number): void {
  const fd = openAt(parent, name, O_PATH | O_NOFOLLOW);
  try {
    fchmodAt(AT_FDCWD, `/proc/self/fd/${fd}`, mode & 0o7777);
  } finally {
    closeFd(fd);
  }
}

/** `path` is below an open descriptor, and lsetxattr(2) does not follow its last component. */
function applyXattr(path: Buffer, key: string, value: Buffer): void {
  // They would tell overlayfs to look elsewhere, and say nothing about the file.
  if (key.startsWith('trusted.overlay.') || key.startsWith('user.overlay.')) return;
  try {
    setXattr(path, key, value);
  } catch (error) {
    // No such attributes on this file system, or user.* on what is no plain file: the original goes on too.
    if (!isErrno(error, 'EOPNOTSUPP', 'EPERM')) throw error;
  }
}
