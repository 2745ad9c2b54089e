/**
 * Reads a tree into an archive. Every file is opened once, as a name of its parent's descriptor and without following
 * links, and is what it is from then on: whoever swaps names meanwhile changes nothing.
 */
import {read} from 'node:fs';
import {promisify} from 'node:util';
import {
  AT_FDCWD,
  closeFd,
  type FileStatus,
  fstatAt,
  getXattr,
  isErrno,
  listXattrs,
  major,
  minor,
  O_NOCTTY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  openAt,
  openAt2,
  RESOLVE_BENEATH,
  RESOLVE_NO_XDEV,
  readDirectory,
  readlinkAt,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
} from '@longshore/linux';
import {type TarEntryType, tarEnd, tarEntry, tarHeader, tarPadding} from '@longshore/oci';
import {type Remapping, toContainerOwner} from '../../core/users/remapping.ts';
import {bytesOf, maxDepth, tooDeep} from './names.ts';
import type {Pacer} from './pacer.ts';

const readAsync = promisify(read);
const readBytes = 256 << 10;

const types: Readonly<Record<number, TarEntryType>> = {
  [S_IFREG]: 'file',
  [S_IFDIR]: 'directory',
  [S_IFLNK]: 'symlink',
  [S_IFCHR]: 'character',
  [S_IFBLK]: 'block',
  [S_IFIFO]: 'fifo',
};

export interface ArchiveOptions {
  oneFileSystem: boolean;
  /** Of a container whose files have shifted owners. */
  remapping: Remapping | undefined;
}

export class TreeArchiver {
  readonly #pacer: Pacer;
  readonly #oneFileSystem: boolean;
  readonly #remapping: Remapping | undefined;
  /** Files with several names: device and inode to the member that has the data. */
  readonly #links = new Map<string, string>();

  constructor(pacer: Pacer, {oneFileSystem, remapping}: ArchiveOptions) {
    this.#remapping = remapping;
    this.#pacer = pacer;
    this.#oneFileSystem = oneFileSystem;
  }

  /** The file of an O_PATH descriptor, which stays the caller's, and all below it. */
  async *member(fd: number, name: string): AsyncGenerator<Buffer, void, void> {
    yield* this.#member(fd, name, 0);
    yield tarEnd();
  }

  /** What is in a directory. */
  async *content(fd: number): AsyncGenerator<Buffer, void, void> {
    yield* this.#children(fd, '', 0);
    yield tarEnd();
  }

  async *#member(fd: number, name: string, depth: number): AsyncGenerator<Buffer, void, void> {
    await this.#pacer.turn();
    const status = this.#seen(fstatAt(fd, ''));
    const type = types[status.mode & S_IFMT];
    if (type === undefined) return; // an archive cannot hold a socket
    if (type === 'directory') {
      const path = name.endsWith('/') ? name : `${name}/`;
      yield directoryHeader(fd, path, status);
      yield* this.#children(fd, path, depth);
      return;
    }
    const key = `${status.dev}:${status.ino}`;
    const linked = status.nlink > 1 ? this.#links.get(key) : undefined;
    if (linked !== undefined) {
      yield tarHeader(tarEntry('link', bytesOf(name), {...common(status), linkName: bytesOf(linked)}));
      return;
    }
    if (status.nlink > 1) this.#links.set(key, name);
    if (type === 'file') yield* this.#file(fd, name);
    else yield specialHeader(fd, name, type, status);
  }

  /** As the container sees it. */
  #seen(status: FileStatus): FileStatus {
    return this.#remapping ? {...status, ...toContainerOwner(this.#remapping, status)} : status;
  }

  async *#children(fd: number, prefix: string, depth: number): AsyncGenerator<Buffer, void, void> {
    if (depth >= maxDepth) throw tooDeep();
    const names = readDirectory(fd).map(entry => entry.rawName.toString('latin1'));
    for (const name of names.sort()) {
      const child = this.#open(fd, bytesOf(name));
      if (child === undefined) continue;
      if (child === 'mount') {
        yield mountPointHeader(fd, bytesOf(name), `${prefix}${name}`);
        continue;
      }
      try {
        yield* this.#member(child, `${prefix}${name}`, depth + 1);
      } finally {
        closeFd(child);
      }
    }
  }

  /** Undefined when it is gone. */
  #open(parent: number, name: Buffer): number | 'mount' | undefined {
    const resolve = RESOLVE_BENEATH | (this.#oneFileSystem ? RESOLVE_NO_XDEV : 0);
    try {
      return openAt2(parent, name, {flags: O_PATH | O_NOFOLLOW, resolve});
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      if (isErrno(error, 'EXDEV')) return 'mount';
      throw error;
    }
  }

  /** Exactly the bytes announced: a file that shrinks or grows meanwhile is filled with zeros or cut off. */
  async *#file(path: number, name: string): AsyncGenerator<Buffer, void, void> {
    const fd = reopen(path);
    try {
      const status = this.#seen(fstatAt(fd, ''));
      const size = Number(status.size);
      yield tarHeader(tarEntry('file', bytesOf(name), {...common(status), size, xattrs: attributesOf(fd)}));
      for (let position = 0; position < size; ) {
        await this.#pacer.turn();
        const buffer = Buffer.allocUnsafeSlow(Math.min(readBytes, size - position));
        const {bytesRead} = await readAsync(fd, buffer, 0, buffer.length, position);
        if (bytesRead === 0) buffer.fill(0);
        const piece = bytesRead === 0 ? buffer : buffer.subarray(0, bytesRead);
        yield piece;
        position += piece.length;
      }
      yield tarPadding(size);
    } finally {
      closeFd(fd);
    }
  }
}

/** For reading: only what is known to be a regular file or a directory, since opening a device or FIFO does things. */
function reopen(path: number): number {
  return openAt(AT_FDCWD, `/proc/self/fd/${path}`, O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

function directoryHeader(path: number, name: string, status: FileStatus): Buffer {
  const fd = reopen(path);
  try {
    return tarHeader(tarEntry('directory', bytesOf(name), {...common(status), xattrs: attributesOf(fd)}));
  } finally {
    closeFd(fd);
  }
}

function specialHeader(fd: number, name: string, type: TarEntryType, status: FileStatus): Buffer {
  const isDevice = type === 'character' || type === 'block';
  const parts = {
    ...common(status),
    ...(type === 'symlink' ? {linkName: readlinkAt(fd, '')} : {}),
    ...(isDevice ? {devMajor: major(status.rdev), devMinor: minor(status.rdev)} : {}),
  };
  return tarHeader(tarEntry(type, bytesOf(name), parts));
}

/** What is mounted there stays out. */
function mountPointHeader(parent: number, name: Buffer, path: string): Buffer {
  const status = fstatAt(parent, name);
  const isDirectory = (status.mode & S_IFMT) === S_IFDIR;
  return tarHeader(tarEntry(isDirectory ? 'directory' : 'file', bytesOf(isDirectory ? `${path}/` : path)));
}

function common({mode, uid, gid, mtimeNs}: FileStatus) {
  return {mode: mode & 0o7777, uid, gid, mtime: mtimeNs};
}

/** Labels of this machine's security modules and marks of overlayfs mean nothing elsewhere. */
function attributesOf(fd: number): Map<string, Buffer> {
  const travels = (key: string) =>
    key === 'security.capability' ||
    key.startsWith('system.posix_acl_') ||
    (key.startsWith('user.') && !key.startsWith('user.overlay.'));
  const attributes = new Map<string, Buffer>();
  for (const key of listXattrs(fd).filter(travels).sort()) {
    const value = getXattr(fd, key);
    if (value) attributes.set(key, value);
  }
  return attributes;
}
