import {closeFd, connectUnix} from '@longshore/linux';

/** Whether somebody listens on a unix socket. */
export function isListening(path: string): boolean {
  try {
    closeFd(connectUnix(path));
    return true;
  } catch {
    return false; // ECONNREFUSED: a file without a listener
  }
}
