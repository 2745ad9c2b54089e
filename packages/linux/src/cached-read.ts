import {Errno} from './errno-names.ts';
import {SystemCallError} from './errors.ts';
import {addressOf, bind, errno, keepAlive} from './libc.ts';

const RWF_NOWAIT = 0x8;

// Every argument is 64 bits wide on the 64-bit machines that this runs on.
const nativePreadv2 = bind<[fd: number, iov: Uint8Array, count: number, offset: number, flags: number]>(
  'preadv2',
  'long',
  'int',
  'void *',
  'int',
  'int64_t',
  'int',
);

/** Of file systems and kernels that cannot say whether they would wait. */
const cannotTell = new Set<number>([Errno.EAGAIN, Errno.EOPNOTSUPP, Errno.EINVAL, Errno.ENOSYS]);

/**
 * Reads what the page cache has of a file at `position`, without waiting for a disk: some microseconds, where a thread
 * costs a hundred. Gives the bytes read, fewer than the buffer has room for when the rest is not cached, 0 at the end of
 * the file; undefined when the caller must read in the usual way.
 */
export function readCached(fd: number, buffer: Uint8Array, position: number): number | undefined {
  const iov = new BigUint64Array([addressOf(buffer), BigInt(buffer.length)]);
  const bytes = new Uint8Array(iov.buffer);
  for (;;) {
    // SAFETY: the kernel writes into `buffer`, which `keepAlive` holds until the call has returned.
    const count = keepAlive([buffer, iov], () => nativePreadv2(fd, bytes, 1, position, RWF_NOWAIT));
    if (count >= 0) return count;
    const number = errno();
    if (cannotTell.has(number)) return undefined;
    if (number !== Errno.EINTR) throw new SystemCallError('read', number, `fd ${fd}`);
  }
}
