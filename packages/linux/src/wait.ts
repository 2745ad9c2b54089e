import {Buffer} from 'node:buffer';
import {Errno} from './errno-names.ts';
import {SystemCallError} from './errors.ts';
import {bind, errno, type Pointer} from './libc.ts';

const waitpid = bind<[pid: number, status: Pointer, options: number]>('waitpid', 'int', 'int', 'void *', 'int');
const waitid = bind<[idType: number, id: number, info: Pointer, options: number]>(
  'waitid',
  'int',
  'int',
  'uint',
  'void *',
  'int',
);

const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x01000000;
const P_ALL = 0;

/** A raw status of wait(2). `exitStatus`, `exitedNormally` and `termSignal` read it. */
export type WaitStatus = number;

/** A child that ended and has been reaped. */
export interface ReapedChild {
  pid: number;
  status: WaitStatus;
}

/** Exit code 0-255, or 128 + signal number as shells and Docker report it. */
export function exitStatus(status: WaitStatus): number {
  return exitedNormally(status) ? (status >> 8) & 0xff : 128 + (status & 0x7f);
}

export function exitedNormally(status: WaitStatus): boolean {
  return (status & 0x7f) === 0;
}

/** Number of the signal that ended the process; undefined if it exited by itself. */
export function termSignal(status: WaitStatus): number | undefined {
  return exitedNormally(status) ? undefined : status & 0x7f;
}

/** Reaps this child if it has ended, without blocking. Throws ECHILD if `pid` is no child (any more). */
export function waitPid(pid: number): ReapedChild | undefined {
  return reap('waitpid', pid, WNOHANG);
}

/**
 * Reaps any child that has ended, without blocking; undefined if there is none, or no child at all.
 * Only for a process that starts no child through node:child_process, whose children it would steal: the shim.
 */
export function waitAny(): ReapedChild | undefined {
  try {
    return reap('waitpid', -1, WNOHANG);
  } catch (error) {
    if (error instanceof SystemCallError && error.errno === Errno.ECHILD) return undefined;
    throw error;
  }
}

/** Blocks until this child ends. For short-lived helpers in programs without an event loop of importance. */
export function waitPidSync(pid: number): ReapedChild {
  return reap('waitpid', pid, 0)!;
}

/** Pid of some child that has ended, left unreaped: waitid(2) with WNOWAIT. */
export function peekAny(): number | undefined {
  // siginfo_t is 128 bytes; si_pid follows three ints and padding to 16. With WNOHANG and no child it stays 0.
  const info = Buffer.alloc(128);
  while (waitid(P_ALL, 0, info, WEXITED | WNOHANG | WNOWAIT) === -1) {
    const number = errno();
    if (number === Errno.ECHILD) return undefined;
    if (number !== Errno.EINTR) throw new SystemCallError('waitid', number);
  }
  return info.readInt32LE(16) || undefined;
}

function reap(call: string, pid: number, options: number): ReapedChild | undefined {
  const status = Buffer.alloc(4);
  for (;;) {
    const result = waitpid(pid, status, options);
    if (result > 0) return {pid: result, status: status.readInt32LE(0)};
    if (result === 0) return undefined;
    const number = errno();
    if (number !== Errno.EINTR) throw new SystemCallError(call, number, pid > 0 ? `process ${pid}` : undefined);
  }
}
