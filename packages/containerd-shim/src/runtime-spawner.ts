import {existsSync} from 'node:fs';
import {EngineError, messageOf} from '@longshore/errdefs';
import {isErrno, SystemCallError} from '@longshore/linux';
import type {RuntimeInvocation, SpawnRuntime} from '@longshore/runc-wrapper';
import type {Reaper} from './reaper.ts';

/** Runtime processes are children like all others: the reaper has their exit status. `log` is the runtime's. */
export function runtimeSpawner(reaper: Reaper, log: string): SpawnRuntime {
  return async invocation => {
    const child = spawn(reaper, invocation, log);
    invocation.started?.(child.pid);
    return child.exited;
  };
}

function spawn(reaper: Reaper, invocation: RuntimeInvocation, log: string) {
  try {
    return reaper.spawn(invocation);
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    throw new EngineError('not-found', notStarted(invocation.path, error, log), {cause: error});
  }
}

/** In the words of containerd's shim, which clients look through for the exit code of their own. */
function notStarted(path: string, error: SystemCallError, log: string): string {
  const reason = path.includes('/')
    ? `fork/exec ${path}: ${messageOf(error).split(': ').at(-1)}`
    : `exec: "${path}": ${isErrno(error, 'ENOENT') ? 'executable file not found in $PATH' : 'permission denied'}`;
  const words = existsSync(log) ? 'EOF' : `open ${log}: no such file or directory`;
  return `unable to retrieve OCI runtime error (${words}): ${reason}`;
}
