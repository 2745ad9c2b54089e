import {Buffer} from 'node:buffer';
import {cstr} from './c-string.ts';
import {Errno} from './errno-names.ts';
import {SystemCallError} from './errors.ts';
import {bind, errno, type Pointer} from './libc.ts';

/**
 * Files of /proc, /sys and cgroupfs: small, synchronous, made up by the kernel at each read. node:fs would serve too,
 * yet it costs a long-lived small process several pages for streams, stat and decoders that these files do not need.
 */
const open = bind<[path: Pointer, flags: number, mode: number]>('open', 'int', 'void *', 'int', 'int');
const read = bind<[fd: number, buffer: Pointer, size: number]>('read', 'long', 'int', 'void *', 'size_t');
const write = bind<[fd: number, buffer: Pointer, size: number]>('write', 'long', 'int', 'void *', 'size_t');
const close = bind<[fd: number]>('close', 'int', 'int');

const O_WRONLY = 1;
const O_CLOEXEC = 0o2000000;

const gone: readonly number[] = [Errno.ENOENT, Errno.ESRCH, Errno.ENODEV, Errno.ENOTDIR];

/** No file read here is legitimately larger (mountinfo of thousands of mounts, cgroup.procs of a huge cgroup). */
const maximum = 64 * 1024 * 1024;

let scratch: Buffer | undefined;

/** Content of a kernel file. Throws SystemCallError; out-of-memory danger is bounded at 64 MiB (EFBIG). */
export function readKernelFile(path: string): string {
  return readAll(openFile('open', path, 0), path);
}

/** Reads to the end and closes. */
function readAll(fd: number, path: string): string {
  try {
    scratch ??= Buffer.allocUnsafeSlow(4096);
    let buffer = scratch;
    let used = 0;
    for (;;) {
      if (used === buffer.length) buffer = grow(buffer, path);
      const count = read(fd, used === 0 ? buffer : buffer.subarray(used), buffer.length - used);
      if (count === 0) return buffer.toString('utf8', 0, used);
      if (count > 0) used += count;
      else if (errno() !== Errno.EINTR) throw new SystemCallError('read', errno(), path);
    }
  } finally {
    close(fd);
  }
}

/** As `readKernelFile`; undefined if the file, or the process or device behind it, is gone (ENOENT, ESRCH, ENODEV). */
export function readKernelFileIfExists(path: string): string | undefined {
  const fd = open(cstr(path), O_CLOEXEC, 0);
  // Without an error object: statistics look for many files that most kernels do not have.
  if (fd === -1 && gone.includes(errno())) return undefined;
  if (fd === -1) throw new SystemCallError('open', errno(), path);
  try {
    return readAll(fd, path);
  } catch (error) {
    if (error instanceof SystemCallError && gone.includes(error.errno)) return undefined;
    throw error;
  }
}

/** Writes in one write(2), as kernel files want it. The file must exist. */
export function writeKernelFile(path: string, content: string): void {
  const fd = openFile('open', path, O_WRONLY);
  try {
    const bytes = Buffer.from(content);
    for (;;) {
      const count = write(fd, bytes, bytes.length);
      if (count === bytes.length) return;
      if (count >= 0) throw new SystemCallError('write all of', Errno.EIO, path);
      if (errno() !== Errno.EINTR) throw new SystemCallError('write', errno(), path);
    }
  } finally {
    close(fd);
  }
}

function openFile(call: string, path: string, flags: number): number {
  const fd = open(cstr(path), flags | O_CLOEXEC, 0);
  if (fd === -1) throw new SystemCallError(call, errno(), path);
  return fd;
}

function grow(buffer: Buffer, path: string): Buffer {
  if (buffer.length >= maximum) throw new SystemCallError('read all of', 27, path);
  const larger = Buffer.allocUnsafeSlow(buffer.length * 4);
  buffer.copy(larger);
  return larger;
}
