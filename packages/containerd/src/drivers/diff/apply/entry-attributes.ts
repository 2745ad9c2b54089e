import {fchmodAt, fchownAt, isErrno, setXattr, utimensAt} from '@longshore/linux';
import type {TarEntry} from '@longshore/oci';
import {type DirectoryFd, procPath} from './directory-view.ts';
import {bytesOf} from './entry-path.ts';
import {isOverlayAttribute} from './overlay-attributes.ts';

/** Enough names for a warning. */
const maxLost = 10;

/** Puts owner, mode, extended attributes and times on what has just been made. */
export class EntryAttributes {
  readonly lost: string[] = [];

  apply(entry: TarEntry, parent: DirectoryFd, name: string): void {
    const path = bytesOf(name);
    fchownAt(parent, path, entry.uid, entry.gid); // takes setuid and capabilities away: it comes first
    if (entry.type !== 'symlink') fchmodAt(parent, path, entry.mode);
    for (const [key, value] of entry.xattrs) this.#setXattr(procPath(parent, name), key, value);
    utimensAt(parent, path, {atime: entry.mtime, mtime: entry.mtime});
  }

  #setXattr(path: Buffer, key: string, value: Buffer): void {
    // They would tell overlayfs to look elsewhere, and say nothing about the file.
    if (isOverlayAttribute(key)) return;
    try {
      setXattr(path, key, value);
    } catch (error) {
      // No such attributes on this file system, or user.* on what is no plain file: the original goes on too.
      if (!isErrno(error, 'EOPNOTSUPP', 'EPERM')) throw error;
      if (this.lost.length < maxLost && !this.lost.includes(key)) this.lost.push(key);
    }
  }
}
