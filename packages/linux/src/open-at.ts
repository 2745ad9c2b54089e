import {Buffer} from 'node:buffer';
import {cstr, type PathLike, show} from './c-string.ts';
import {Errno} from './errno-names.ts';
import {check, retryInterrupted} from './errors.ts';
import {closeFd, O_CLOEXEC, O_DIRECTORY, O_PATH, O_RDONLY} from './fd.ts';
import {bind, errno, type Pointer} from './libc.ts';

const nativeOpenAt = bind<[dirfd: number, path: Pointer, flags: number, mode: number]>(
  'openat',
  'int',
  'int',
  'void *',
  'int',
  'uint',
);
const nativeOpenAt2 = bind<[number: number, dirfd: number, path: Pointer, how: Pointer, size: number]>(
  'syscall',
  'long',
  'long',
  'int',
  'void *',
  'void *',
  'size_t',
);

const SYS_openat2 = 437;

/** The current directory, as the dirfd of the `*at` calls. */
export const AT_FDCWD = -100;

/** How openat2(2) resolves a path. */
export const RESOLVE_NO_XDEV = 0x01;
export const RESOLVE_NO_MAGICLINKS = 0x02;
export const RESOLVE_NO_SYMLINKS = 0x04;
export const RESOLVE_BENEATH = 0x08;
export const RESOLVE_IN_ROOT = 0x10;

/** openat(2); O_CLOEXEC is always added. May block on a FIFO without O_NONBLOCK. */
export function openAt(dirfd: number, path: PathLike, flags: number, mode = 0): number {
  const bytes = cstr(path);
  return check(
    'open',
    show(path),
    retryInterrupted(() => nativeOpenAt(dirfd, bytes, flags | O_CLOEXEC, mode)),
  );
}

/** Opens a directory for as long as `action` runs. */
export function withDirectory<T>(path: PathLike, action: (fd: number) => T): T {
  const fd = openAt(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
  try {
    return action(fd);
  } finally {
    closeFd(fd);
  }
}

export interface OpenHow {
  flags: number;
  /** Only with O_CREAT or O_TMPFILE; the kernel refuses it otherwise. */
  mode?: number;
  resolve?: number;
}

/**
 * openat2(2) (Linux 5.6); O_CLOEXEC is always added. ENOSYS becomes unimplemented, EXDEV (the path leaves what
 * `resolve` allows) internal unless the caller maps it, and EAGAIN (a rename raced with "..") is tried again.
 */
export function openAt2(dirfd: number, path: PathLike, how: OpenHow): number {
  // struct open_how {u64 flags, mode, resolve}
  const buffer = Buffer.alloc(24);
  buffer.writeBigUInt64LE(BigInt(how.flags | O_CLOEXEC), 0);
  buffer.writeBigUInt64LE(BigInt(how.mode ?? 0), 8);
  buffer.writeBigUInt64LE(BigInt(how.resolve ?? 0), 16);
  const bytes = cstr(path);
  const call = () => retryInterrupted(() => nativeOpenAt2(SYS_openat2, dirfd, bytes, buffer, buffer.length));
  let fd = call();
  for (let attempt = 0; fd === -1 && errno() === Errno.EAGAIN && attempt < 64; attempt++) fd = call();
  return check('open', show(path), fd);
}

/**
 * Opens `path` as if `root` were "/": absolute links and ".." stay inside, magic links are refused. `root` is a
 * directory's path or an open descriptor of it.
 */
export function openInRoot(root: PathLike | number, path: PathLike, flags: number, mode = 0): number {
  const dirfd = typeof root === 'number' ? root : openAt(AT_FDCWD, root, O_PATH | O_DIRECTORY);
  try {
    return openAt2(dirfd, path, {flags, mode, resolve: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS});
  } finally {
    if (typeof root !== 'number') closeFd(dirfd);
  }
}
