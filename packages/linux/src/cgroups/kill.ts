import {Errno} from '../errno-names.ts';
import {SystemCallError} from '../errors.ts';
import {writeKernelFile} from '../kernel-file.ts';
import {kill} from '../process.ts';
import {exists, readPids, treeOf} from './files.ts';

/**
 * Signals every process in the tree once; false if there was none. SIGKILL goes by cgroup.kill where there is one
 * (v2, Linux 5.14), which no fork escapes.
 */
export function signalTree(directory: string, signal: string | number): boolean {
  const pids = treeOf(directory).flatMap(readPids);
  if (pids.length === 0) return false;
  if (signal === 'SIGKILL' && exists(`${directory}/cgroup.kill`)) {
    writeKernelFile(`${directory}/cgroup.kill`, '1');
    return true;
  }
  for (const pid of pids) signalOne(pid, signal);
  return true;
}

function signalOne(pid: number, signal: string | number): void {
  // 0 stands for a process of a pid namespace that we do not see: kill(0) would hit ourselves.
  if (pid <= 0) return;
  try {
    kill(pid, signal);
  } catch (error) {
    if (!(error instanceof SystemCallError && error.errno === Errno.ESRCH)) throw error;
  }
}
