import {closeFd, connectUnix, pidfdOpen, sendFds} from '@longshore/linux';

/**
 * Sends a pidfd of the process to the Unix socket at `path`, as runc 1.2 and later do for --pidfd-socket; done here,
 * it works over older runtimes too. One message: the bytes `pidfd` and the descriptor.
 */
export function sendPidfd(path: string, pid: number): void {
  const socket = connectUnix(path);
  try {
    const pidfd = pidfdOpen(pid);
    try {
      sendFds(socket, Buffer.from('pidfd'), [pidfd]);
    } finally {
      closeFd(pidfd);
    }
  } finally {
    closeFd(socket);
  }
}
