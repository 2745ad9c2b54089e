import {readdir, stat, unlink} from 'node:fs/promises';
import {join} from 'node:path';
import {closeFd, connectUnix} from '@longshore/linux';

/** A younger one may be about to listen. */
const minimumAgeMs = 60_000;

/** Whether somebody listens on a unix socket. */
export function isListening(path: string): boolean {
  try {
    closeFd(connectUnix(path));
    return true;
  } catch {
    return false; // ECONNREFUSED: a file without a listener
  }
}

/** Removes sockets that killed shims, or a daemon killed while it started one, left in `<state>/s`. */
export async function removeDeadSockets(state: string): Promise<void> {
  const directory = join(state, 's');
  for (const name of await namesIn(directory)) {
    const path = join(directory, name);
    const status = await stat(path);
    const isOld = Date.now() - status.mtimeMs > minimumAgeMs;
    if (status.isSocket() && isOld && !isListening(path)) await unlink(path);
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
