/** One daemon per root directory: two would collect each other's garbage. */
import {openSync} from 'node:fs';
import {join} from 'node:path';
import {type Logger, sleep} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {closeFd, flock} from '@longshore/linux';

/** A predecessor that is just ending gets this long. */
const defaultWaitMs = 10_000;
const pauseMs = 50;

/** The kernel gives the lock up when the process ends, however it ends. Throws failed-precondition. */
export async function lockRoot(root: string, log: Logger, waitMs = defaultWaitMs): Promise<Disposable> {
  const fd = openSync(join(root, 'lock'), 'a', 0o600);
  const deadline = performance.now() + waitMs;
  for (let isFirst = true; !flock(fd, 'exclusive'); isFirst = false) {
    if (isFirst) log.info({root}, 'another containerd uses the root directory, waiting for its end');
    if (performance.now() > deadline) {
      closeFd(fd);
      throw new EngineError('failed-precondition', `another containerd uses the root directory "${root}"`);
    }
    await sleep(pauseMs);
  }
  return {[Symbol.dispose]: () => closeFd(fd)};
}
