import {Buffer} from 'node:buffer';
import {cstr, cstrOrNull} from './c-string.ts';
import {Errno} from './errno-names.ts';
import {check, SystemCallError} from './errors.ts';
import {bind, errno, type Pointer} from './libc.ts';

const nativeMount = bind<[source: Pointer, target: Pointer, type: Pointer, flags: number, data: Pointer]>(
  'mount',
  'int',
  'void *',
  'void *',
  'void *',
  'ulong',
  'void *',
);
const nativeUmount = bind<[target: Pointer, flags: number]>('umount2', 'int', 'void *', 'int');
const nativePivotRoot = bind<[number: number, root: Pointer, old: Pointer]>(
  'syscall',
  'long',
  'long',
  'void *',
  'void *',
);
const nativeStatfs = bind<[path: Pointer, buffer: Pointer]>('statfs', 'int', 'void *', 'void *');

export const MS_RDONLY = 0x1;
export const MS_NOSUID = 0x2;
export const MS_NODEV = 0x4;
export const MS_NOEXEC = 0x8;
export const MS_SYNCHRONOUS = 0x10;
export const MS_REMOUNT = 0x20;
export const MS_MANDLOCK = 0x40;
export const MS_DIRSYNC = 0x80;
export const MS_NOSYMFOLLOW = 0x100;
export const MS_NOATIME = 0x400;
export const MS_NODIRATIME = 0x800;
export const MS_BIND = 0x1000;
export const MS_MOVE = 0x2000;
export const MS_REC = 0x4000;
export const MS_SILENT = 0x8000;
export const MS_UNBINDABLE = 0x20000;
export const MS_PRIVATE = 0x40000;
export const MS_SLAVE = 0x80000;
export const MS_SHARED = 0x100000;
export const MS_RELATIME = 0x200000;
export const MS_STRICTATIME = 0x1000000;
export const MS_LAZYTIME = 0x2000000;

export const MNT_FORCE = 1;
export const MNT_DETACH = 2;
export const MNT_EXPIRE = 4;
export const UMOUNT_NOFOLLOW = 8;

/** The kernel copies one page of mount data and takes its last byte for the NUL. */
export const mountDataMaximum = 4095;

/**
 * mount(2). `source`, `type` and `data` may be undefined (NULL). Throws SystemCallError naming the target; data longer
 * than the kernel's page is refused (E2BIG), not cut off. Blocks as long as the file system takes.
 */
export function mount(
  source: string | undefined,
  target: string,
  type: string | undefined,
  flags: number,
  data?: string,
): void {
  if (data !== undefined && Buffer.byteLength(data) > mountDataMaximum)
    throw new SystemCallError('mount', Errno.E2BIG, target, `mount options are longer than ${mountDataMaximum} bytes`);
  const bytes = data === undefined || data === '' ? null : cstr(data);
  const result = nativeMount(cstrOrNull(source), cstr(target), cstrOrNull(type), flags, bytes);
  check('mount', target, result);
}

/** umount2(2). */
export function umount(target: string, flags = 0): void {
  check('unmount', target, nativeUmount(cstr(target), flags));
}

/**
 * Detaches every mount stacked on `target`, which may still be in use; nothing mounted there, or no such path, is
 * success. The last component is not followed if it is a symbolic link.
 */
export function unmountAll(target: string): void {
  const path = cstr(target);
  while (nativeUmount(path, MNT_DETACH | UMOUNT_NOFOLLOW) === 0);
  const number = errno();
  if (number !== Errno.EINVAL && number !== Errno.ENOENT) throw new SystemCallError('unmount', number, target);
}

/** Makes `source` visible at `target`. A read-only bind takes the second mount(2) that Linux wants for it. */
export function bindMount(
  source: string,
  target: string,
  options: {recursive?: boolean; readOnly?: boolean} = {},
): void {
  mount(source, target, undefined, MS_BIND | (options.recursive ? MS_REC : 0));
  if (!options.readOnly) return;
  try {
    mount(undefined, target, undefined, MS_BIND | MS_REMOUNT | MS_RDONLY);
  } catch (error) {
    umount(target, MNT_DETACH);
    throw error;
  }
}

/** Mount events under `target` neither come in nor go out. */
export function makePrivate(target: string): void {
  mount(undefined, target, undefined, MS_PRIVATE);
}

export function makeRprivate(target: string): void {
  mount(undefined, target, undefined, MS_PRIVATE | MS_REC);
}

export function makeShared(target: string): void {
  mount(undefined, target, undefined, MS_SHARED);
}

export function makeRshared(target: string): void {
  mount(undefined, target, undefined, MS_SHARED | MS_REC);
}

export function makeSlave(target: string): void {
  mount(undefined, target, undefined, MS_SLAVE);
}

export function makeRslave(target: string): void {
  mount(undefined, target, undefined, MS_SLAVE | MS_REC);
}

/** pivot_root(2): `newRoot` becomes "/", the old root appears at `putOld` beneath it. Then chdir("/"). */
export function pivotRoot(newRoot: string, putOld: string): void {
  // No libc wrapper; the numbers are the architectures' own.
  const number = process.arch === 'arm64' ? 41 : 155;
  check('pivot root to', newRoot, nativePivotRoot(number, cstr(newRoot), cstr(putOld)));
}

const fsTypes: Record<number, string> = {
  61267: 'ext',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  16914836: 'tmpfs',
  2035054128: 'overlay',
  1635083891: 'aufs',
  26985: 'nfs',
  1702057286: 'fuse',
  801189825: 'zfs',
  1667723888: 'cgroup2',
  2613483: 'cgroup',
  40864: 'proc',
  1650812274: 'sysfs',
  1853056627: 'nsfs',
  2240043254: 'ramfs',
  4076150800: 'f2fs',
  1936814952: 'squashfs',
  3774210530: 'erofs',
  61791: 'ecryptfs',
  7377: 'devpts',
  427819522: 'mqueue',
  2508478710: 'hugetlbfs',
};

export interface FileSystemStatus {
  /** `tmpfs`, `overlay`, `ext` (ext2 to ext4 share a number) …, or the number in hexadecimal. */
  type: string;
  /** Number in magic.h. */
  magic: number;
  blockSize: number;
  blocks: number;
  blocksFree: number;
  /** Blocks that users without privilege may take. */
  blocksAvailable: number;
  files: number;
  filesFree: number;
}

/** What file system `path` is on, and how full that is. */
export function statFs(path: string): FileSystemStatus {
  // struct statfs of 64-bit: f_type, f_bsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree as longs; 120 bytes.
  const buffer = Buffer.alloc(128);
  check('get file system of', path, nativeStatfs(cstr(path), buffer));
  const long = (index: number) => Number(buffer.readBigUInt64LE(index * 8));
  const magic = long(0);
  return {
    type: fsTypes[magic] ?? `0x${magic.toString(16)}`,
    magic,
    blockSize: long(1),
    blocks: long(2),
    blocksFree: long(3),
    blocksAvailable: long(4),
    files: long(5),
    filesFree: long(6),
  };
}

/** Name of the file system that `path` is on. */
export function statFsType(path: string): string {
  return statFs(path).type;
}
