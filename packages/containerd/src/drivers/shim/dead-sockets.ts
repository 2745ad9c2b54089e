import {readdir, stat, unlink} from 'node:fs/promises';
import {join} from 'node:path';
import {isListening} from '../host/is-listening.ts';

/** A younger one may be about to listen. */
const minimumAgeMs = 60_000;

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
