/**
 * What a shim leaves that was killed in the middle of a create or exec: a runtime at work, which would go on to make a
 * container that nobody knows; and, before it has written the container's state, a cgroup that nobody knows either.
 */
import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import type {Spec} from '@longshore/api/oci';
import {type Logger, sleep} from '@longshore/base';
import {isErrorCode} from '@longshore/errdefs';
import {Cgroup, cgroupAt, cgroupOf, isErrno, kill, processState, readKernelFileIfExists} from '@longshore/linux';
import {readIfExists} from './bundle.ts';

/** For a process that was sent SIGKILL. */
const endTimeoutMs = 2000;

/** Ends runtime processes of the bundle, known by the pid file they were to write, and waits for their end. */
export async function endUnfinishedRuntime(bundle: string): Promise<void> {
  const killed: number[] = [];
  for (const name of readdirSync('/proc')) {
    const words = name > '0' && name < ':' ? commandOf(Number(name)) : [];
    if (!words[words.indexOf('--pid-file') + 1]?.startsWith(`${bundle}/`)) continue;
    killIfThere(Number(name));
    killed.push(Number(name));
  }
  await ended(killed);
}

/**
 * Removes the cgroup that config.json names, of a container whose state was never written. In it may be `runc init`,
 * which waits for a word of the dead runtime; processes of anybody else leave it alone.
 */
export async function removeUnknownCgroup(bundle: string, log: Logger): Promise<void> {
  const cgroup = configuredCgroup(bundle);
  if (!cgroup?.exists()) return;
  const deadline = Date.now() + endTimeoutMs;
  // Again and again: on its way the runtime's process forks twice, and the one that was killed is not the last.
  for (let pids = processesIn(cgroup); pids.length > 0; pids = processesIn(cgroup)) {
    const unfinished = pids.filter(pid => isUnfinished(pid, bundle));
    for (const pid of unfinished) killIfThere(pid);
    const others = pids.filter(pid => !unfinished.includes(pid) && commandOf(pid).join('') !== '');
    if (Date.now() > deadline || (others.length > 0 && unfinished.length === 0)) {
      log.warn({bundle, processes: pids}, 'cgroup is in use by others: not removed');
      return;
    }
    await sleep(2);
  }
  await cgroup.remove({timeoutMs: endTimeoutMs});
}

/** `runc init`, or a fork of the runtime that is not yet so far. */
function isUnfinished(pid: number, bundle: string): boolean {
  const words = commandOf(pid);
  return words[1] === 'init' || words.some(word => word.startsWith(`${bundle}/`));
}

/** Undefined when there is no config.json, or none that names a path (with systemd the unit goes with its processes). */
function configuredCgroup(bundle: string): Cgroup | undefined {
  const config = readIfExists(join(bundle, 'config.json'));
  const path = config && (JSON.parse(config) as Partial<Spec>).linux?.cgroupsPath;
  if (!path || path.includes(':') || join('/', path) === '/') return undefined;
  if (path.startsWith('/')) return cgroupAt(path);
  // The runtime was in the cgroup that this process is in, too: both are children of containerd and its shims.
  const directories = [...cgroupOf('self').directories].map(
    ([name, directory]) => [name, join(directory, path)] as const,
  );
  return new Cgroup(new Map(directories));
}

/** In any hierarchy: an unfinished runtime may have moved its process into some of them only. */
function processesIn({directories}: Cgroup): number[] {
  const files = [...new Set(directories.values())].map(each => readKernelFileIfExists(`${each}/cgroup.procs`) ?? '');
  return [...new Set(files.join('\n').split('\n').filter(Boolean).map(Number))];
}

/** argv; empty for a kernel thread, a zombie, and what is not there. */
function commandOf(pid: number): string[] {
  return readKernelFileIfExists(`/proc/${pid}/cmdline`)?.split('\0') ?? [];
}

function killIfThere(pid: number): void {
  try {
    kill(pid, 'SIGKILL');
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}

async function ended(pids: readonly number[]): Promise<void> {
  const deadline = Date.now() + endTimeoutMs;
  for (const pid of pids) {
    while (isAlive(pid) && Date.now() < deadline) await sleep(2);
  }
}

function isAlive(pid: number): boolean {
  try {
    return !'ZX'.includes(processState(pid));
  } catch (error) {
    if (isErrorCode(error, 'not-found')) return false;
    throw error;
  }
}
