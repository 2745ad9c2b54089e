/** A container's status is computed from the kernel's view, never stored. */
import {existsSync, readFileSync} from 'node:fs';
import {readFreezer} from '../cgroups/freezer.ts';
import {type ContainerRecord, execFifoName} from './record.ts';

export type Status = 'created' | 'running' | 'pausing' | 'paused' | 'stopped';

/** Paused if the freezer says so, else stopped if the first process is gone, else created while exec.fifo exists. */
export function statusOf(record: ContainerRecord): Status {
  const freezer = readFreezer(record.cgroupPaths);
  if (freezer === 'frozen') return 'paused';
  if (!isInitAlive(record)) return 'stopped';
  return existsSync(`${record.directory}/${execFifoName}`) ? 'created' : 'running';
}

/** False as well for a zombie (Z) or a dead process (X), and when the pid now belongs to another process. */
export function isInitAlive(record: Pick<ContainerRecord, 'pid' | 'startTime'>): boolean {
  if (record.pid <= 0) return false;
  const stat = readStat(record.pid);
  if (!stat || stat.state === 'Z' || stat.state === 'X') return false;
  return record.startTime === 0 || stat.startTime === record.startTime;
}

function readStat(pid: number): {state: string; startTime: number} | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
  return parseStat(text);
}

/** The command (field 2) is in parentheses and may contain both: the last one ends it. Start time is field 22. */
export function parseStat(text: string): {state: string; startTime: number} {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {state: fields[0] ?? 'X', startTime: Number(fields[19])};
}
