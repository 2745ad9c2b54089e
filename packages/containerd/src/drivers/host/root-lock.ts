/** One daemon per root directory: two would collect each other's garbage. */
import {openSync} from 'node:fs';
import {join} from 'node:path';
import {sleep} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {closeFd, flock} from '@longshore/linux';

/** A predecessor that is just ending gets this long. */
const attempts = 100;
const pauseMs = 100;

/** The kernel gives the lock up when the process ends, however it ends. Throws failed-precondition. */
export async function lockRoot(root: string): Promise<Disposable> {
  const fd = openSync(join(root, 'lock'), 'a', 0o600);
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (flock(fd, 'exclusive')) return {[Symbol.dispose]: () => closeFd(fd)};
    await sleep(pauseMs);
  }
  closeFd(fd);
  throw new EngineError('failed-precondition', `another containerd uses the root directory "${root}"`);
}
