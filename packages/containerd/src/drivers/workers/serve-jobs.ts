/** The other side of a WorkerPool: import it in a `*.worker.ts`. */
import {parentPort} from 'node:worker_threads';
import {codeOf, messageOf} from '@longshore/errdefs';
import type {WorkerReply} from './worker-pool.ts';

/** Runs `handle` for every job that the pool posts, one at a time. */
export function serveJobs<Job>(handle: (job: Job) => unknown): void {
  if (!parentPort) throw new Error('this file runs in a worker thread only');
  const port = parentPort;
  port.on('message', async (job: Job) => {
    if (isControl(job)) return;
    port.postMessage(await reply(handle, job));
  });
}

async function reply<Job>(handle: (job: Job) => unknown, job: Job): Promise<WorkerReply> {
  try {
    return {result: await handle(job)};
  } catch (error) {
    const stack = error instanceof Error ? error.stack : undefined;
    return {error: {code: codeOf(error), message: messageOf(error), stack}};
  }
}

/** Messages within a job (acknowledgements) have this mark and are read by the job itself. */
function isControl(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'control' in message;
}
