/**
 * Copies a directory with owners, modes, times, hard links, devices and extended attributes. Relative to directory
 * descriptors and never through a symbolic link: containers may be changing the target at the same time.
 */
import {fchmodSync, fchownSync, read, write} from 'node:fs';
import {promisify} from 'node:util';
import type {CallContext} from '@longshore/base';
import {
  AT_FDCWD,
  closeFd,
  type DirectoryEntry,
  type FileStatus,
  fchmodAt,
  fchownAt,
  fstatAt,
  getXattr,
  linkAt,
  listXattrs,
  mkdirAt,
  mknodAt,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  O_WRONLY,
  openAt,
  readDirectory,
  readlinkAt,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  setXattr,
  symlinkAt,
  utimensAt,
} from '@longshore/linux';

const readAsync = promisify(read);
const writeAsync = promisify(write);
const chunkBytes = 256 * 1024;
const permissionBits = 0o7777;

/** A file that has been copied under one of its names. */
type LinkedFiles = Map<string, {directory: number; name: Buffer}>;

interface Copy {
  ctx: CallContext;
  buffer: Buffer;
  /** Descriptors that `linked` needs until the end. */
  opened: number[];
  linked: LinkedFiles;
}

/** Copies what is in `source` into `target`, both directory descriptors, and gives `target` the attributes of `source`. */
export async function copyTree(ctx: CallContext, source: number, target: number): Promise<void> {
  const copy: Copy = {ctx, buffer: Buffer.allocUnsafeSlow(chunkBytes), opened: [], linked: new Map()};
  try {
    await copyDirectory(copy, source, target);
  } finally {
    for (const fd of copy.opened) closeFd(fd);
  }
}

async function copyDirectory(copy: Copy, source: number, target: number): Promise<void> {
  for (const entry of readDirectory(source)) {
    copy.ctx.signal.throwIfAborted();
    await copyEntry(copy, source, target, entry);
  }
  copyXattrs(source, target);
  applyStatus(fstatAt(source, '.'), target, '.');
}

async function copyEntry(copy: Copy, source: number, target: number, {rawName}: DirectoryEntry): Promise<void> {
  const status = fstatAt(source, rawName);
  const kind = status.mode & S_IFMT;
  if (kind === S_IFDIR) return await copySubdirectory(copy, source, target, rawName);
  const key = `${status.dev}:${status.ino}`;
  const linked = status.nlink > 1 ? copy.linked.get(key) : undefined;
  if (linked) return linkAt(linked.directory, linked.name, target, rawName);
  if (kind === S_IFREG) await copyFile(copy, source, target, rawName, status);
  else if (kind === S_IFLNK) symlinkAt(readlinkAt(source, rawName), target, rawName);
  else mknodAt(target, rawName, status.mode, status.rdev);
  if (kind !== S_IFREG) applyStatus(status, target, rawName);
  if (status.nlink > 1) copy.linked.set(key, {directory: keepOpen(copy, target), name: rawName});
}

async function copySubdirectory(copy: Copy, source: number, target: number, name: Buffer): Promise<void> {
  const from = openAt(source, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    mkdirAt(target, name, 0o700);
    const to = openAt(target, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    try {
      await copyDirectory(copy, from, to);
    } finally {
      closeFd(to);
    }
  } finally {
    closeFd(from);
  }
}

async function copyFile(copy: Copy, source: number, target: number, name: Buffer, status: FileStatus): Promise<void> {
  const from = openAt(source, name, O_RDONLY | O_NOFOLLOW);
  try {
    const to = openAt(target, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      await copyData(copy, from, to);
      copyXattrs(from, to);
      fchownSync(to, status.uid, status.gid);
      fchmodSync(to, status.mode & permissionBits);
    } finally {
      closeFd(to);
    }
    utimensAt(target, name, {atime: status.atimeNs, mtime: status.mtimeNs});
  } finally {
    closeFd(from);
  }
}

async function copyData({ctx, buffer}: Copy, from: number, to: number): Promise<void> {
  for (;;) {
    const {bytesRead} = await readAsync(from, buffer, 0, buffer.length, null);
    if (bytesRead === 0) return;
    ctx.signal.throwIfAborted();
    for (let written = 0; written < bytesRead; ) {
      written += (await writeAsync(to, buffer, written, bytesRead - written, null)).bytesWritten;
    }
  }
}

/** The owner first: a change of it clears the set-id bits. Links have no mode. */
function applyStatus(status: FileStatus, directory: number, name: Buffer | '.'): void {
  fchownAt(directory, name, status.uid, status.gid);
  if ((status.mode & S_IFMT) !== S_IFLNK) changeMode(directory, name, status.mode & permissionBits);
  utimensAt(directory, name, {atime: status.atimeNs, mtime: status.mtimeNs});
}

/** By way of a descriptor, since fchmodat(2) follows links. */
function changeMode(directory: number, name: Buffer | '.', mode: number): void {
  const fd = openAt(directory, name, O_PATH | O_NOFOLLOW);
  try {
    fchmodAt(AT_FDCWD, `/proc/self/fd/${fd}`, mode);
  } finally {
    closeFd(fd);
  }
}

function copyXattrs(from: number, to: number): void {
  for (const name of listXattrs(from)) {
    if (name.startsWith('trusted.overlay.') || name.startsWith('user.overlay.')) continue;
    const value = getXattr(from, name);
    if (value) setXattr(to, name, value);
  }
}

/** The directory's own descriptor is closed before the next name of the file is met. */
function keepOpen(copy: Copy, directory: number): number {
  const fd = openAt(directory, '.', O_RDONLY | O_DIRECTORY);
  copy.opened.push(fd);
  return fd;
}
