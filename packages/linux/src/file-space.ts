/** Files as spools: moving pipe data into them in one call, and giving back the space and memory of what is not needed. */
import {Buffer} from 'node:buffer';
import {Errno} from './errno-names.ts';
import {check, retryInterrupted, SystemCallError} from './errors.ts';
import {bind, bindAsync, errno, type Pointer} from './libc.ts';

const nativeFallocate = bind<[fd: number, mode: number, offset: number, length: number]>(
  'fallocate',
  'int',
  'int',
  'int',
  'long',
  'long',
);
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

const nativeFadvise = bindAsync<[fd: number, offset: number, length: number, advice: number]>(
  'posix_fadvise',
  'int',
  'int',
  'long',
  'long',
  'int',
);

const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;
const SPLICE_F_NONBLOCK = 2;
const POSIX_FADV_DONTNEED = 4;

/** Frees the blocks of a range of a file; it reads as zeros afterwards and the size stays. */
export function punchHole(fd: number, offset: number, length: number): void {
  const result = nativeFallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
  check('punch a hole into', `fd ${fd}`, result);
}

/**
 * Moves up to `size` bytes from a pipe into a file (not opened O_APPEND) at `offset`, without waiting for more. Bytes
 * leave the pipe only as they are in the file, even if the process is killed meanwhile. Answers their number, 0 at the
 * end of the pipe (no writer has it open), or undefined when it is empty.
 */
export function spliceToFile(pipe: number, file: number, offset: number, size: number): number | undefined {
  const position = Buffer.alloc(8);
  position.writeBigInt64LE(BigInt(offset));
  const count = retryInterrupted(() => nativeSplice(pipe, null, file, position, size, SPLICE_F_NONBLOCK));
  if (count !== -1) return count;
  if (errno() === Errno.EAGAIN) return undefined;
  throw new SystemCallError('splice into', errno(), `fd ${file}`);
}

/**
 * The cache of a range of a file is not needed: what is on disk already leaves memory, what is not is sent there, which
 * is not waited for. Where a file system does not know of it nothing happens.
 */
export async function dropCached(fd: number, offset: number, length: number): Promise<void> {
  await nativeFadvise(fd, offset, length, POSIX_FADV_DONTNEED);
}
