import {Buffer} from 'node:buffer';
import {cstr, type PathLike, show} from './c-string.ts';
import {Errno} from './errno-names.ts';
import {check, retryInterrupted, SystemCallError} from './errors.ts';
import {bind, errno, type Pointer} from './libc.ts';

const nativePipe2 = bind<[fds: Pointer, flags: number]>('pipe2', 'int', 'void *', 'int');
const nativeFcntl = bind<[fd: number, command: number, argument: number]>('fcntl', 'int', 'int', 'int', 'long');
const nativeClose = bind<[fd: number]>('close', 'int', 'int');
const nativeCloseRange = bind<[number: number, first: number, last: number, flags: number]>(
  'syscall',
  'long',
  'long',
  'uint',
  'uint',
  'uint',
);
const nativeRead = bind<[fd: number, buffer: Pointer, size: number]>('read', 'long', 'int', 'void *', 'size_t');
const nativeWrite = bind<[fd: number, buffer: Pointer, size: number]>('write', 'long', 'int', 'void *', 'size_t');
const nativeSplice = bind<[input: number, a: Pointer, output: number, b: Pointer, size: number, flags: number]>(
  'splice',
  'long',
  'int',
  'void *',
  'int',
  'void *',
  'size_t',
  'uint',
);
const nativeFsync = bind<[fd: number]>('fsync', 'int', 'int');
const nativeMkfifo = bind<[path: Pointer, mode: number]>('mkfifo', 'int', 'void *', 'uint');
const nativeEventfd = bind<[initial: number, flags: number]>('eventfd', 'int', 'uint', 'int');
const nativeMemfd = bind<[name: Pointer, flags: number]>('memfd_create', 'int', 'void *', 'uint');
const nativeFlock = bind<[fd: number, operation: number]>('flock', 'int', 'int', 'int');

const F_DUPFD_CLOEXEC = 1030;
const F_GETFD = 1;
const F_SETFD = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const F_SETPIPE_SZ = 1031;
const FD_CLOEXEC = 1;
const SYS_close_range = 436;

/** open(2) flags of x86_64 and arm64. The four that differ between the two are chosen at run time. */
const arm = process.arch === 'arm64';
export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_NOCTTY = 0o400;
export const O_TRUNC = 0o1000;
export const O_APPEND = 0o2000;
export const O_NONBLOCK = 0o4000;
export const O_ASYNC = 0o20000;
export const O_DIRECT = arm ? 0o200000 : 0o40000;
export const O_LARGEFILE = arm ? 0o400000 : 0o100000;
export const O_DIRECTORY = arm ? 0o40000 : 0o200000;
export const O_NOFOLLOW = arm ? 0o100000 : 0o400000;
export const O_NOATIME = 0o1000000;
export const O_CLOEXEC = 0o2000000;
export const O_PATH = 0o10000000;
export const O_TMPFILE = 0o20000000 | O_DIRECTORY;

/** A new pipe, both ends CLOEXEC. `flags` may add O_NONBLOCK or O_DIRECT. */
export function pipe(flags = 0): {read: number; write: number} {
  const fds = Buffer.alloc(8);
  check('make a pipe', undefined, nativePipe2(fds, O_CLOEXEC | flags));
  return {read: fds.readInt32LE(0), write: fds.readInt32LE(4)};
}

/** A CLOEXEC duplicate, numbered `minimum` or higher. It shares offset and status flags with `fd`. */
export function dup(fd: number, minimum = 3): number {
  return check('duplicate', `fd ${fd}`, nativeFcntl(fd, F_DUPFD_CLOEXEC, minimum));
}

/** O_NONBLOCK of the open file description: every duplicate and every process that shares it sees the change. */
export function setNonblock(fd: number, on = true): void {
  setStatusFlags(fd, on ? O_NONBLOCK : 0, O_NONBLOCK);
}

/** Sets the flags of `mask` (O_NONBLOCK, O_ASYNC, O_APPEND, O_DIRECT) to `flags`. */
export function setStatusFlags(fd: number, flags: number, mask: number): void {
  const before = statusFlags(fd);
  const after = (before & ~mask) | flags;
  if (after !== before) check('set flags of', `fd ${fd}`, nativeFcntl(fd, F_SETFL, after));
}

/** Access mode and status flags of the open file description. */
export function statusFlags(fd: number): number {
  return check('get flags of', `fd ${fd}`, nativeFcntl(fd, F_GETFL, 0));
}

export function setCloexec(fd: number, on = true): void {
  const flags = check('get flags of', `fd ${fd}`, nativeFcntl(fd, F_GETFD, 0));
  const next = on ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC;
  check('set flags of', `fd ${fd}`, nativeFcntl(fd, F_SETFD, next));
}

/** fcntl(2) with an integer argument. */
export function fcntl(fd: number, command: number, argument: number): number {
  return check('control', `fd ${fd}`, nativeFcntl(fd, command, argument));
}

/** close(2). Never repeated on EINTR: Linux has released the number by then. */
export function closeFd(fd: number): void {
  const result = nativeClose(fd);
  if (result === -1 && errno() !== Errno.EINTR) throw new SystemCallError('close', errno(), `fd ${fd}`);
}

/** Closes every descriptor from `first` to `last`. The runtime's own are among them: only before an exec or exit. */
export function closeRange(first: number, last = 0xffffffff): void {
  check('close range from', `fd ${first}`, nativeCloseRange(SYS_close_range, first, last, 0));
}

/** Bytes read into `buffer`: 0 at the end of the file, undefined if there is nothing to read now (EAGAIN). */
export function readFd(fd: number, buffer: Uint8Array): number | undefined {
  for (;;) {
    const count = nativeRead(fd, buffer, buffer.length);
    if (count >= 0) return count;
    const number = errno();
    if (number === Errno.EAGAIN) return undefined;
    if (number !== Errno.EINTR) throw new SystemCallError('read', number, `fd ${fd}`);
  }
}

/** Bytes written of `buffer[offset .. offset+length]`, perhaps fewer; undefined if there is no room (EAGAIN). */
export function writeFd(fd: number, buffer: Uint8Array, offset = 0, length?: number): number | undefined {
  const part =
    offset === 0 && length === undefined ? buffer : buffer.subarray(offset, offset + (length ?? buffer.length));
  for (;;) {
    const count = nativeWrite(fd, part, part.length);
    if (count >= 0) return count;
    const number = errno();
    if (number === Errno.EAGAIN) return undefined;
    if (number !== Errno.EINTR) throw new SystemCallError('write', number, `fd ${fd}`);
  }
}

export const SPLICE_F_MOVE = 1;
export const SPLICE_F_NONBLOCK = 2;
export const SPLICE_F_MORE = 4;

/** Moves up to `size` bytes from one descriptor to another, one of them a pipe; 0 at the end, undefined at EAGAIN. */
export function splice(input: number, output: number, size: number, flags = 0): number | undefined {
  const count = retryInterrupted(() => nativeSplice(input, null, output, null, size, flags));
  if (count >= 0) return count;
  if (errno() === Errno.EAGAIN) return undefined;
  throw new SystemCallError('splice', errno(), `fd ${input} to fd ${output}`);
}

export function fsync(fd: number): void {
  check('sync', `fd ${fd}`, nativeFsync(fd));
}

/** Makes a FIFO. The process umask applies to `mode`. */
export function mkfifo(path: PathLike, mode = 0o600): void {
  check('make fifo', show(path), nativeMkfifo(cstr(path), mode));
}

/** An event counter: CLOEXEC and non-blocking. `writeFd` 8 bytes adds, `readFd` 8 bytes takes all. */
export function eventfd(initial = 0): number {
  return check('make an eventfd', undefined, nativeEventfd(initial, O_CLOEXEC | O_NONBLOCK));
}

/** Asks for a pipe buffer of at least `size` bytes; the kernel answers what it made (EPERM above pipe-max-size). */
export function setPipeSize(fd: number, size: number): number {
  return check('set pipe size of', `fd ${fd}`, nativeFcntl(fd, F_SETPIPE_SZ, size));
}

/** An anonymous file in memory (CLOEXEC). `name` is only seen in /proc/PID/fd. */
export function memfd(name: string): number {
  return check('make a memory file', name, nativeMemfd(cstr(name), 1));
}

/**
 * flock(2): `shared` or `exclusive`; with `wait` false (the default) it never blocks and returns false if another
 * description holds the lock.
 */
export function flock(fd: number, kind: 'shared' | 'exclusive' | 'unlock', wait = false): boolean {
  const operation = {shared: 1, exclusive: 2, unlock: 8}[kind] | (wait ? 0 : 4);
  if (retryInterrupted(() => nativeFlock(fd, operation)) === 0) return true;
  if (errno() === Errno.EAGAIN) return false;
  throw new SystemCallError('lock', errno(), `fd ${fd}`);
}
