import {Buffer} from 'node:buffer';
import {Errno} from './errno-names.ts';
import {SystemCallError} from './errors.ts';
import {bind, errno, type Pointer} from './libc.ts';

const nativePoll = bind<[fds: Pointer, count: number, timeout: number]>('poll', 'int', 'void *', 'ulong', 'int');

export const POLLIN = 0x01;
export const POLLOUT = 0x04;
export const POLLERR = 0x08;
export const POLLHUP = 0x10;
export const POLLNVAL = 0x20;

/** struct pollfd {int fd; short events; short revents} */
export const pollfdSize = 8;

/**
 * poll(2) over `count` struct pollfd in `table`; answers how many have events. `timeoutMs` 0 never blocks; anything
 * else blocks the whole process and is only for helpers. A signal ends the wait early with 0.
 */
export function pollTable(table: Buffer, count: number, timeoutMs = 0): number {
  const ready = nativePoll(table, count, timeoutMs);
  if (ready >= 0) return ready;
  if (errno() === Errno.EINTR) return 0;
  throw new SystemCallError('poll', errno());
}

/** Events of one descriptor now: a set of POLL* bits, 0 if none. */
export function pollFd(fd: number, events: number, timeoutMs = 0): number {
  const table = Buffer.alloc(pollfdSize);
  table.writeInt32LE(fd, 0);
  table.writeInt16LE(events, 4);
  return pollTable(table, 1, timeoutMs) === 0 ? 0 : table.readInt16LE(6);
}
