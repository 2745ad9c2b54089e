/** Rounds of many containers that are created, started, stopped and removed at the same time, through the Engine API. */
import type {Engine} from '@longshore/testing';

export type Operation = 'create' | 'start' | 'stop' | 'rm';

/** Milliseconds that each request took, by what it asked for. */
export type Timings = Record<Operation, number[]>;

export const operations: Operation[] = ['create', 'start', 'stop', 'rm'];

/**
 * `docker run -d` and then `docker rm -f` of `count` containers, all of them at once; the second half is stopped before
 * it is removed. Adds what the requests took to the timings.
 */
export async function round(engine: Engine, count: number, timings: Timings): Promise<void> {
  const timed = async <T>(operation: Operation, work: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await work();
    timings[operation].push(performance.now() - start);
    return result;
  };
  const {api} = engine;
  const ids = await Promise.all(
    Array.from({length: count}, async () => {
      // A shell that ends on SIGTERM at once: the time of stop is the engine's.
      const body = {Image: 'busybox', Cmd: ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 600 & wait $!; done']};
      const {Id: id} = await timed('create', () => api.post<{Id: string}>('/containers/create', body));
      await timed('start', () => api.post(`/containers/${id}/start`));
      return id;
    }),
  );
  await Promise.all(
    ids.map(async (id, i) => {
      if (i >= count / 2) await timed('stop', () => api.post(`/containers/${id}/stop`));
      await timed('rm', () => api.delete(`/containers/${id}?force=1`));
    }),
  );
}

export const noTimings = (): Timings => ({create: [], start: [], stop: [], rm: []});

/** `start: p50 120 ms, p99 310 ms`. */
export function describeTimings(timings: Timings): string {
  const figures = operations.map(operation => {
    const sorted = timings[operation].toSorted((a, b) => a - b);
    const at = (share: number) => (sorted[Math.ceil(sorted.length * share) - 1] ?? 0).toFixed(0);
    return `${operation}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`;
  });
  return figures.join('; ');
}
