/** The processes of a cgroup and of the cgroups below it. */
import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {isUnified} from './directories.ts';
import {freeze, readFreezer, thaw} from './freezer.ts';

/** The hierarchy that counts: v2's, or v1's devices as runc takes it, or any that is there (crun, few controllers). */
export function mainDirectory(paths: Record<string, string>): string | undefined {
  if (isUnified(paths)) return paths[''];
  return paths.devices ?? paths.freezer ?? paths.memory ?? Object.values(paths)[0];
}

/** True while the container's cgroup is there. */
export function cgroupExists(paths: Record<string, string>): boolean {
  const directory = mainDirectory(paths);
  return directory !== undefined && existsSync(directory);
}

/** Pids in ascending order, as this pid namespace numbers them; empty when the cgroup is gone. */
export function processesOf(paths: Record<string, string>): number[] {
  const directory = mainDirectory(paths);
  return directory === undefined ? [] : collect(directory).sort((a, b) => a - b);
}

function collect(directory: string): number[] {
  const pids: number[] = [];
  for (const line of readProcs(directory).split('\n')) if (line !== '' && line !== '0') pids.push(Number(line));
  for (const child of childCgroups(directory)) pids.push(...collect(join(directory, child)));
  return pids;
}

/** A threaded v2 cgroup lists its processes in its parent only and answers EOPNOTSUPP itself. */
function readProcs(directory: string): string {
  try {
    return readFileSync(join(directory, 'cgroup.procs'), 'latin1');
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENODEV' || code === 'EOPNOTSUPP' || code === 'ENOTDIR') return '';
    throw error;
  }
}

export function childCgroups(directory: string): string[] {
  try {
    return readdirSync(directory, {withFileTypes: true})
      .filter(entry => entry.isDirectory())
      .map(entry => entry.name);
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENODEV') return [];
    throw error;
  }
}

const SIGKILL = 9;

/**
 * Sends a signal to every process of the cgroup. They stand still meanwhile, so that none forks away between the
 * list and the signal; a cgroup that was frozen before stays so, unless the signal is SIGKILL.
 */
export async function signalAll(paths: Record<string, string>, signal: number): Promise<void> {
  if (signal === SIGKILL && killUnified(paths)) return;
  const wasFrozen = readFreezer(paths) === 'frozen';
  if (!wasFrozen && signal !== 0 && readFreezer(paths) !== 'none') await freeze(paths);
  try {
    for (const pid of processesOf(paths)) signalIfThere(pid, signal);
  } finally {
    if ((!wasFrozen || signal === SIGKILL) && readFreezer(paths) !== 'none') thaw(paths);
  }
}

/** Linux 5.14 kills a whole v2 tree with one write, frozen or not. */
function killUnified(paths: Record<string, string>): boolean {
  if (!isUnified(paths)) return false;
  try {
    writeFileSync(join(paths['']!, 'cgroup.kill'), '1', {flag: 'r+'});
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function signalIfThere(pid: number, signal: number): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
