/** How a runtime process is started and waited for. The shim, which reaps everything itself, passes its own function. */
import {originalFileLimit} from '@longshore/base';
import {exitStatus, isErrno, spawnProcess, waitPid} from '@longshore/linux';

/** One run of the OCI runtime. */
export interface RuntimeInvocation {
  /** Program: a path, or a name looked up in `env.PATH`. */
  path: string;
  /** From argv[0] on. */
  argv: string[];
  env: Record<string, string | undefined>;
  /** The caller's when absent. */
  cwd?: string;
  /** `fds[i]` becomes descriptor i of the child; -1 is /dev/null. */
  fds: number[];
  /** To be called once with the pid, before the child can have been reaped. */
  started?: (pid: number) => void;
}

/**
 * Starts the runtime, waits for it and reaps it. `exitStatus` is 0-255, or 128 + signal number. It must return when
 * this child has ended, not when its output has: `runc create` leaves a process behind that holds its stdio.
 */
export type SpawnRuntime = (invocation: RuntimeInvocation) => Promise<{exitStatus: number}>;

/** The default: the child is ours alone and is reaped at SIGCHLD by its pid. */
export async function spawnAndWait(invocation: RuntimeInvocation): Promise<{exitStatus: number}> {
  const ended = Promise.withResolvers<{exitStatus: number}>();
  let pid = 0;
  const reap = () => {
    try {
      const child = pid === 0 ? undefined : waitPid(pid);
      if (child) ended.resolve({exitStatus: exitStatus(child.status)});
    } catch (error) {
      // Reaped by somebody else: the exit status is lost, which must not look like success.
      ended.reject(
        isErrno(error, 'ECHILD') ? new Error('the runtime was reaped by another part of this process') : error,
      );
    }
  };
  // A listener does not keep the process running; the timer does.
  process.on('SIGCHLD', reap);
  const hold = setInterval(reap, 1000);
  try {
    pid = spawnProcess({...invocation, fileLimit: originalFileLimit()});
    invocation.started?.(pid);
    reap();
    return await ended.promise;
  } finally {
    clearInterval(hold);
    process.off('SIGCHLD', reap);
  }
}
