import {closeFd, connectUnix, pidfdOpen, sendFds} from '@longshore/linux';

/** What the message says, as runc 1.2 and later have it: a container's first process, or one of an exec. */
export type PidfdKind = 'standard' | 'setns';

/**
 * Sends a pidfd of the process to the Unix socket at `path`, as runc 1.2 and later do for --pidfd-socket; done here,
 * it works over older runtimes too. One message: the kind of process, and the descriptor (SCM_RIGHTS).
 */
export function sendPidfd(path: string, pid: number, kind: PidfdKind): void {
  const socket = connectUnix(path);
  try {
    const pidfd = pidfdOpen(pid);
    try {
      sendFds(socket, Buffer.from(kind), [pidfd]);
    } finally {
      closeFd(pidfd);
    }
  } finally {
    closeFd(socket);
  }
}
