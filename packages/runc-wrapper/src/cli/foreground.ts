/** Waiting for a container's process as `run` and `exec` do in the foreground. */
import {exitStatus, isErrno, kill, waitAny} from '@longshore/linux';

const forwarded = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGCONT',
  'SIGWINCH',
] as const;

/**
 * Resolves to the exit code of a process whose parent we are, as its subreaper: its own, or 128 and the number of a
 * signal. What it leaves behind is reaped too. Signals that come meanwhile are passed to it.
 */
export async function waitInForeground(pid: number): Promise<number> {
  const ended = Promise.withResolvers<number>();
  const reap = () => {
    for (let child = waitAny(); child; child = waitAny())
      if (child.pid === pid) ended.resolve(exitStatus(child.status));
  };
  const forward = (name: NodeJS.Signals) => sendSignal(pid, name);
  for (const name of forwarded) process.on(name, forward);
  process.on('SIGCHLD', reap);
  const hold = setInterval(reap, 1000); // a listener alone does not keep this process running
  try {
    reap();
    return await ended.promise;
  } finally {
    clearInterval(hold);
    process.off('SIGCHLD', reap);
    for (const name of forwarded) process.off(name, forward);
  }
}

function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    kill(pid, name);
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error; // it has just ended
  }
}
