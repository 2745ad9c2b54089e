import {Buffer} from 'node:buffer';
import {cstr, type PathLike, show} from './c-string.ts';
import {Errno} from './errno-names.ts';
import {check, SystemCallError} from './errors.ts';
import {bind, errno, type Pointer} from './libc.ts';
import {AT_FDCWD} from './open-at.ts';

/** Directory-relative calls: with a descriptor of the parent, no component of the path can be swapped meanwhile. */
const nativeMknodat = bind<[dirfd: number, path: Pointer, mode: number, device: number | bigint]>(
  'mknodat',
  'int',
  'int',
  'void *',
  'uint',
  'uint64_t',
);
const nativeFchownat = bind<[dirfd: number, path: Pointer, uid: number, gid: number, flags: number]>(
  'fchownat',
  'int',
  'int',
  'void *',
  'uint',
  'uint',
  'int',
);
const nativeFchmodat = bind<[dirfd: number, path: Pointer, mode: number, flags: number]>(
  'fchmodat',
  'int',
  'int',
  'void *',
  'uint',
  'int',
);
const nativeUtimensat = bind<[dirfd: number, path: Pointer, times: Pointer, flags: number]>(
  'utimensat',
  'int',
  'int',
  'void *',
  'void *',
  'int',
);
const nativeSymlinkat = bind<[target: Pointer, dirfd: number, path: Pointer]>(
  'symlinkat',
  'int',
  'void *',
  'int',
  'void *',
);
const nativeLinkat = bind<[oldDirfd: number, oldPath: Pointer, newDirfd: number, newPath: Pointer, flags: number]>(
  'linkat',
  'int',
  'int',
  'void *',
  'int',
  'void *',
  'int',
);
const nativeUnlinkat = bind<[dirfd: number, path: Pointer, flags: number]>('unlinkat', 'int', 'int', 'void *', 'int');
const nativeMkdirat = bind<[dirfd: number, path: Pointer, mode: number]>('mkdirat', 'int', 'int', 'void *', 'uint');
const nativeRenameat2 = bind<
  [number: number, oldDirfd: number, oldPath: Pointer, newDirfd: number, newPath: Pointer, flags: number]
>('syscall', 'long', 'long', 'int', 'void *', 'int', 'void *', 'uint');
const nativeReadlinkat = bind<[dirfd: number, path: Pointer, buffer: Pointer, size: number]>(
  'readlinkat',
  'long',
  'int',
  'void *',
  'void *',
  'size_t',
);
const nativeStatx = bind<[dirfd: number, path: Pointer, flags: number, mask: number, buffer: Pointer]>(
  'statx',
  'int',
  'int',
  'void *',
  'int',
  'uint',
  'void *',
);

export const S_IFMT = 0o170000;
export const S_IFIFO = 0o010000;
export const S_IFCHR = 0o020000;
export const S_IFDIR = 0o040000;
export const S_IFBLK = 0o060000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;
export const S_IFSOCK = 0o140000;

export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_REMOVEDIR = 0x200;
export const AT_SYMLINK_FOLLOW = 0x400;
export const AT_EMPTY_PATH = 0x1000;

export const RENAME_NOREPLACE = 1;
export const RENAME_EXCHANGE = 2;
export const RENAME_WHITEOUT = 4;

/** Makes a node of any type: `mode` has the S_IF* bits, and the umask applies to the rest. */
export function mknodAt(dirfd: number, path: PathLike, mode: number, device: bigint = 0n): void {
  check('make node', show(path), nativeMknodat(dirfd, cstr(path), mode, device));
}

/** As `mknodAt`, relative to the current directory. */
export function mknod(path: PathLike, mode: number, device: bigint = 0n): void {
  mknodAt(AT_FDCWD, path, mode, device);
}

/** glibc's encoding of a device number; the kernel's own of 32 bits is a subset. */
export function makedev(majorNumber: number, minorNumber: number): bigint {
  const high = BigInt(majorNumber);
  const low = BigInt(minorNumber);
  return (low & 0xffn) | ((high & 0xfffn) << 8n) | ((low & ~0xffn) << 12n) | ((high & ~0xfffn) << 32n);
}

export function major(device: bigint): number {
  return Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n));
}

export function minor(device: bigint): number {
  return Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n));
}

/** Changes the owner without following a symbolic link, unless `flags` is 0. -1 keeps an id. */
export function fchownAt(dirfd: number, path: PathLike, uid: number, gid: number, flags = AT_SYMLINK_NOFOLLOW): void {
  check('change owner of', show(path), nativeFchownat(dirfd, cstr(path), uid >>> 0, gid >>> 0, flags));
}

export function lchown(path: PathLike, uid: number, gid: number): void {
  fchownAt(AT_FDCWD, path, uid, gid);
}

/** Permission bits, through symbolic links: Linux has no permissions of links (callers skip them). */
export function fchmodAt(dirfd: number, path: PathLike, mode: number): void {
  check('change mode of', show(path), nativeFchmodat(dirfd, cstr(path), mode, 0));
}

/** Sets times in nanoseconds since 1970 (negative too), `undefined` keeping one; symbolic links are not followed. */
export function utimensAt(
  dirfd: number,
  path: PathLike,
  times: {atime?: bigint; mtime?: bigint},
  flags = AT_SYMLINK_NOFOLLOW,
): void {
  const buffer = Buffer.alloc(32);
  writeTimespec(buffer, 0, times.atime);
  writeTimespec(buffer, 16, times.mtime);
  check('set times of', show(path), nativeUtimensat(dirfd, cstr(path), buffer, flags));
}

const UTIME_OMIT = (1n << 30n) - 2n;
const second = 1_000_000_000n;

function writeTimespec(buffer: Buffer, at: number, nanoseconds: bigint | undefined): void {
  const fraction = nanoseconds === undefined ? UTIME_OMIT : ((nanoseconds % second) + second) % second;
  const seconds = nanoseconds === undefined ? 0n : (nanoseconds - fraction) / second;
  buffer.writeBigInt64LE(seconds, at);
  buffer.writeBigInt64LE(fraction, at + 8);
}

export function symlinkAt(target: PathLike, dirfd: number, path: PathLike): void {
  check('make symbolic link', show(path), nativeSymlinkat(cstr(target), dirfd, cstr(path)));
}

/** A hard link; `flags` AT_SYMLINK_FOLLOW links to what a symbolic link names instead of to the link. */
export function linkAt(oldDirfd: number, oldPath: PathLike, newDirfd: number, newPath: PathLike, flags = 0): void {
  const result = nativeLinkat(oldDirfd, cstr(oldPath), newDirfd, cstr(newPath), flags);
  check('make hard link', show(newPath), result);
}

/** Removes a file, or with AT_REMOVEDIR an empty directory. */
export function unlinkAt(dirfd: number, path: PathLike, flags = 0): void {
  check('remove', show(path), nativeUnlinkat(dirfd, cstr(path), flags));
}

/** Makes a directory; the umask applies to `mode`. */
export function mkdirAt(dirfd: number, path: PathLike, mode: number): void {
  check('make directory', show(path), nativeMkdirat(dirfd, cstr(path), mode));
}

/** renameat2(2) with RENAME_* flags. */
export function renameAt2(oldDirfd: number, oldPath: PathLike, newDirfd: number, newPath: PathLike, flags = 0): void {
  const number = process.arch === 'arm64' ? 276 : 316; // by number: musl has no wrapper before 1.2.6
  const result = nativeRenameat2(number, oldDirfd, cstr(oldPath), newDirfd, cstr(newPath), flags);
  check('rename', show(oldPath), result);
}

/** Target of a symbolic link as bytes, which need not be UTF-8. */
export function readlinkAt(dirfd: number, path: PathLike): Buffer {
  const bytes = cstr(path);
  for (let size = 256; ; size *= 4) {
    const buffer = Buffer.alloc(size);
    const count = check('read link', show(path), nativeReadlinkat(dirfd, bytes, buffer, size));
    if (count < size) return buffer.subarray(0, count);
  }
}

/** What statx(2) tells; times in nanoseconds since 1970. */
export interface FileStatus {
  mode: number;
  uid: number;
  gid: number;
  size: bigint;
  nlink: number;
  ino: bigint;
  dev: bigint;
  /** Device that a device node names. */
  rdev: bigint;
  /** In 512-byte units. */
  blocks: bigint;
  atimeNs: bigint;
  mtimeNs: bigint;
  ctimeNs: bigint;
}

/** Status of a file; symbolic links are not followed unless asked for. An empty path means `dirfd` itself. */
export function fstatAt(dirfd: number, path: PathLike, options: {followLinks?: boolean} = {}): FileStatus {
  const status = tryStat(dirfd, path, options);
  if (status) return status;
  throw new SystemCallError('get status of', Errno.ENOENT, show(path));
}

/** As `fstatAt`; undefined if the file does not exist. */
export function fstatAtIfExists(
  dirfd: number,
  path: PathLike,
  options: {followLinks?: boolean} = {},
): FileStatus | undefined {
  return tryStat(dirfd, path, options);
}

const STATX_BASIC_STATS = 0x7ff;

function tryStat(dirfd: number, path: PathLike, options: {followLinks?: boolean}): FileStatus | undefined {
  const flags = (options.followLinks ? 0 : AT_SYMLINK_NOFOLLOW) | (path.length === 0 ? AT_EMPTY_PATH : 0);
  const buffer = Buffer.alloc(256);
  if (nativeStatx(dirfd, cstr(path), flags, STATX_BASIC_STATS, buffer) === 0) return parseStatx(buffer);
  const number = errno();
  if (number === Errno.ENOENT) return undefined;
  throw new SystemCallError('get status of', number, show(path));
}

/** struct statx, offsets of linux/stat.h. */
function parseStatx(buffer: Buffer): FileStatus {
  const time = (at: number) => buffer.readBigInt64LE(at) * second + BigInt(buffer.readUInt32LE(at + 8));
  return {
    nlink: buffer.readUInt32LE(16),
    uid: buffer.readUInt32LE(20),
    gid: buffer.readUInt32LE(24),
    mode: buffer.readUInt16LE(28),
    ino: buffer.readBigUInt64LE(32),
    size: buffer.readBigUInt64LE(40),
    blocks: buffer.readBigUInt64LE(48),
    atimeNs: time(64),
    ctimeNs: time(96),
    mtimeNs: time(112),
    rdev: makedev(buffer.readUInt32LE(128), buffer.readUInt32LE(132)),
    dev: makedev(buffer.readUInt32LE(136), buffer.readUInt32LE(140)),
  };
}
