import {Worker} from 'node:worker_threads';

/**
 * Starts a thread from `path`, a `*.worker.ts` of this package (`src/drivers/…`). The build makes each an entry point
 * of the executable, under its path in the package; in the sources they lie three levels above this file.
 */
export function startWorker(path: `src/${string}.worker.ts`): Worker {
  const isCompiled = import.meta.url.includes('/$bunfs/');
  return new Worker(new URL(isCompiled ? `./${path}` : `../../../${path}`, import.meta.url));
}
