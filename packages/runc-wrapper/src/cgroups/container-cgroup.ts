/** The cgroup of a container, and what is done to all of its processes at once. */
import {readdirSync, readlinkSync} from 'node:fs';
import {EngineError} from '@longshore/errdefs';
import {type Cgroup, cgroupAt, cgroupFromDirectories} from '@longshore/linux';
import type {ContainerRecord} from '../state/record.ts';
import {readFreezer} from './freezer.ts';

type WithCgroup = Pick<ContainerRecord, 'cgroupPaths'>;

/** Undefined for a container without one: some runtimes can do without. */
export function cgroupOfContainer({cgroupPaths}: WithCgroup): Cgroup | undefined {
  return Object.keys(cgroupPaths).length === 0 ? undefined : cgroupFromDirectories(cgroupPaths);
}

/** Directories of the cgroup `path` (`/a/b`) in every hierarchy, in the form of `cgroupPaths`. */
export function cgroupPathsAt(path: string): Record<string, string> {
  return Object.fromEntries(cgroupAt(path).directories);
}

/**
 * Pids of the container, ascending; empty when it is gone. An ordinary user's container may be without a cgroup: then
 * they are those of its pid namespace.
 */
export function processesOf(record: WithCgroup & Pick<ContainerRecord, 'pid' | 'ownPidNamespace'>): number[] {
  const cgroup = cgroupOfContainer(record);
  const isCounted = cgroup?.exists() || !record.ownPidNamespace || record.pid <= 0;
  const pids = isCounted ? (cgroup?.allProcesses() ?? []) : pidsInNamespaceOf(record.pid);
  return pids.filter(pid => pid > 0).sort((a, b) => a - b);
}

/** None when the process is gone, or is one of our own namespace: its number was given to another. */
function pidsInNamespaceOf(pid: number): number[] {
  const namespace = pidNamespaceOf(String(pid));
  if (namespace === undefined || namespace === pidNamespaceOf('self')) return [];
  const all = readdirSync('/proc').filter(name => /^[0-9]+$/.test(name));
  return all.filter(name => pidNamespaceOf(name) === namespace).map(Number);
}

/** Undefined for processes that are gone or that this user may not look at. */
function pidNamespaceOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** Stops all processes and waits until they stand. Thaws again and throws when some will not within 10 s. */
export async function freeze(record: WithCgroup, signal?: AbortSignal): Promise<void> {
  const cgroup = cgroupOfContainer(record);
  if (!cgroup?.exists()) throw new EngineError('failed-precondition', 'cgroup not exist');
  try {
    await cgroup.freeze(signal === undefined ? {} : {signal});
  } catch (error) {
    await cgroup.thaw();
    throw new EngineError('internal', 'unable to freeze', {cause: error});
  }
}

export async function thaw(record: WithCgroup): Promise<void> {
  await cgroupOfContainer(record)?.thaw();
}

const SIGKILL = 9;

/**
 * Sends a signal to every process of the container. On v1 they stand still meanwhile, so that none forks away between
 * the list and the signal; v2 has cgroup.kill for that. What was frozen before stays so, unless the signal is SIGKILL.
 */
export async function signalAll(record: WithCgroup, signal: number): Promise<void> {
  const cgroup = cgroupOfContainer(record);
  if (!cgroup) return;
  const freezer = readFreezer(record.cgroupPaths);
  const holdStill = freezer === 'thawed' && cgroup.version === 1 && signal !== 0;
  if (holdStill) await freeze(record);
  try {
    cgroup.signalAll(signal === SIGKILL ? 'SIGKILL' : signal);
  } finally {
    if (holdStill || (freezer === 'frozen' && signal === SIGKILL)) await cgroup.thaw();
  }
}
