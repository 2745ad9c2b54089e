/** What a developer asks of a running daemon: where its time goes, what its memory holds, what it waits for. */
import {Session} from 'node:inspector';
import type {Readable} from 'node:stream';
import {getHeapSnapshot} from 'node:v8';
import {sleep} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';

/** Seconds when the request does not say. */
const defaultSeconds = 30;
const maxSeconds = 600;
let isProfiling = false;

/** A V8 CPU profile (`.cpuprofile`, for the performance tab of a browser), as JSON. Throws failed-precondition. */
export async function cpuProfile(seconds: number, signal: AbortSignal): Promise<string> {
  if (isProfiling) throw new EngineError('failed-precondition', 'a CPU profile is being taken already');
  isProfiling = true;
  const session = new Session();
  try {
    session.connect();
    await post(session, 'Profiler.enable');
    await post(session, 'Profiler.start');
    await sleep(clampSeconds(seconds) * 1000, signal);
    const {profile} = (await post(session, 'Profiler.stop')) as {profile: unknown};
    return JSON.stringify(profile);
  } finally {
    session.disconnect();
    isProfiling = false;
  }
}

function clampSeconds(seconds: number): number {
  return seconds > 0 ? Math.min(seconds, maxSeconds) : defaultSeconds;
}

/** A V8 heap snapshot (`.heapsnapshot`). The daemon stands still while it is taken. */
export function heapSnapshot(): Readable {
  return getHeapSnapshot();
}

/** What keeps the process alive, one kind a line with its number: timers, sockets, watches. */
export function activeResources(): string {
  const kinds = Map.groupBy(process.getActiveResourcesInfo(), kind => kind);
  return [...kinds]
    .map(([kind, all]) => `${all.length} ${kind}\n`)
    .sort()
    .join('');
}

async function post(session: Session, method: string): Promise<unknown> {
  const {promise, resolve, reject} = Promise.withResolvers<unknown>();
  session.post(method, (error: Error | null, result?: object) => (error ? reject(error) : resolve(result)));
  return await promise;
}
