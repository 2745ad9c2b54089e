import {Buffer} from 'node:buffer';
import {EngineError} from '@longshore/errdefs';
import {Errno} from './errno-names.ts';
import {check} from './errors.ts';
import {readKernelFile, writeKernelFile} from './kernel-file.ts';
import {bind, errno, type Pointer} from './libc.ts';
import {signalNumber} from './signals.ts';

const prctl = bind<[option: number, a: number, b: number, c: number, d: number]>(
  'prctl',
  'int',
  'int',
  'ulong',
  'ulong',
  'ulong',
  'ulong',
);
const prctlName = bind<[option: number, name: Pointer, b: number, c: number, d: number]>(
  'prctl',
  'int',
  'int',
  'void *',
  'ulong',
  'ulong',
  'ulong',
);
const nativeKill = bind<[pid: number, signal: number]>('kill', 'int', 'int', 'int');
const nativeUmask = bind<[mask: number]>('umask', 'uint', 'uint');
const prlimit = bind<[pid: number, resource: number, next: Pointer, previous: Pointer]>(
  'prlimit64',
  'int',
  'int',
  'int',
  'void *',
  'void *',
);
const pidfdCall = bind<[number: number, pid: number, flags: number]>('syscall', 'long', 'long', 'int', 'uint');
const pidfdSignal = bind<[number: number, fd: number, signal: number, info: Pointer, flags: number]>(
  'syscall',
  'long',
  'long',
  'int',
  'int',
  'void *',
  'uint',
);

const PR_SET_PDEATHSIG = 1;
const PR_SET_NAME = 15;
const PR_SET_CHILD_SUBREAPER = 36;
const PR_SCHED_CORE = 62;
const PR_SCHED_CORE_CREATE = 1;
const PR_SCHED_CORE_SCOPE_PROCESS_GROUP = 2;
const SYS_pidfd_send_signal = 424;
const SYS_pidfd_open = 434;

/** Orphaned descendants become children of this process instead of init's. */
export function setChildSubreaper(on = true): void {
  check('set child subreaper', undefined, prctl(PR_SET_CHILD_SUBREAPER, on ? 1 : 0, 0, 0, 0));
}

/** The kernel sends this signal to this process when the thread that started it ends. 0 switches it off. */
export function setParentDeathSignal(signal: string | number): void {
  const number = signal === 0 ? 0 : signalNumber(signal);
  check('set parent death signal', undefined, prctl(PR_SET_PDEATHSIG, number, 0, 0, 0));
}

/** Name in /proc/self/comm and `ps`; the kernel keeps 15 bytes. */
export function setProcessName(name: string): void {
  const bytes = Buffer.alloc(16);
  bytes.write(name, 0, 15);
  check('set process name', name, prctlName(PR_SET_NAME, bytes, 0, 0, 0));
}

/** A new core-scheduling cookie for this process group; what it starts later inherits it. Needs CONFIG_SCHED_CORE. */
export function createCoreSchedulingCookie(): void {
  const result = prctl(PR_SCHED_CORE, PR_SCHED_CORE_CREATE, 0, PR_SCHED_CORE_SCOPE_PROCESS_GROUP, 0);
  check('create a core scheduling cookie', undefined, result);
}

/** kill(2). `signal` 0 only probes. Negative pids are process groups. Throws not-found (ESRCH) if there is none. */
export function kill(pid: number, signal: string | number): void {
  check('signal', `process ${pid}`, nativeKill(pid, signal === 0 ? 0 : signalNumber(signal)));
}

/** True while a process (a zombie too) has this pid. */
export function processExists(pid: number): boolean {
  return nativeKill(pid, 0) === 0 || errno() === Errno.EPERM;
}

/** A descriptor (CLOEXEC) that names this process and no later one with its pid. Throws not-found (ESRCH). */
export function pidfdOpen(pid: number): number {
  return check('open pidfd of', `process ${pid}`, pidfdCall(SYS_pidfd_open, pid, 0));
}

export function pidfdSendSignal(pidfd: number, signal: string | number): void {
  const number = signal === 0 ? 0 : signalNumber(signal);
  check('signal through pidfd', undefined, pidfdSignal(SYS_pidfd_send_signal, pidfd, number, null, 0));
}

/**
 * Start time in clock ticks after boot: field 22 of /proc/PID/stat. With the pid it names a process for ever.
 * Throws not-found if there is no such process.
 */
export function processStartTime(pid: number): number {
  return Number(statFields(pid)[19]);
}

/** State letter of /proc/PID/stat: R, S, D, Z (ended, not reaped), T, t, X. Throws not-found. */
export function processState(pid: number): string {
  return statFields(pid)[0]!;
}

/** Parent pid. Throws not-found. */
export function parentOf(pid: number): number {
  return Number(statFields(pid)[1]);
}

/** Fields 3 and later: the command (field 2) is in parentheses and may itself contain spaces and parentheses. */
function statFields(pid: number): string[] {
  const stat = readKernelFile(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** -1000 (never killed) to 1000. Lowering it needs CAP_SYS_RESOURCE. */
export function setOomScoreAdj(value: number, pid: number | 'self' = 'self'): void {
  writeKernelFile(`/proc/${pid}/oom_score_adj`, String(value));
}

/** Sets the umask of the whole process and returns the previous one. */
export function umask(mask: number): number {
  return nativeUmask(mask);
}

const resources = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  locks: 10,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
} as const;

export type ResourceName = keyof typeof resources;

/** RLIM_INFINITY. */
export const unlimited = 2n ** 64n - 1n;

export interface ResourceLimit {
  soft: bigint;
  hard: bigint;
}

export function getrlimit(resource: ResourceName, pid = 0): ResourceLimit {
  const buffer = Buffer.alloc(16);
  check('get limit', resource, prlimit(pid, resourceNumber(resource), null, buffer));
  return {soft: buffer.readBigUInt64LE(0), hard: buffer.readBigUInt64LE(8)};
}

/** Limit of this process, or of another one. Raising `hard` needs CAP_SYS_RESOURCE. */
export function setrlimit(resource: ResourceName, limit: ResourceLimit, pid = 0): void {
  const buffer = Buffer.alloc(16);
  buffer.writeBigUInt64LE(limit.soft, 0);
  buffer.writeBigUInt64LE(limit.hard, 8);
  check('set limit', resource, prlimit(pid, resourceNumber(resource), buffer, null));
}

function resourceNumber(resource: ResourceName): number {
  const number = resources[resource];
  if (number === undefined) throw new EngineError('invalid-argument', `unknown resource limit: ${resource}`);
  return number;
}

/** Ends this process at once: no exit handlers, no JavaScript. For when running on would do harm. */
export const exitNow = bind<[code: number], never>('_exit', 'int', 'int');
