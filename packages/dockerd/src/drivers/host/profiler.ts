/** Profiles of this process, in the formats that browsers' developer tools open. */
import {Session} from 'node:inspector/promises';
import {Readable} from 'node:stream';
import {getHeapSnapshot} from 'node:v8';
import {sleep} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';

let isProfiling = false;

/** Samples the running code for so long; a `.cpuprofile` document. Throws `conflict` while another one is taken. */
export async function cpuProfile(milliseconds: number, signal: AbortSignal): Promise<string> {
  if (isProfiling) throw new EngineError('conflict', 'could not enable CPU profiling: cpu profiling already in use');
  isProfiling = true;
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    await sleep(milliseconds, signal).catch(() => {}); // a client that leaves ends it early
    const {profile} = await session.post('Profiler.stop');
    return JSON.stringify(profile);
  } finally {
    session.disconnect();
    isProfiling = false;
  }
}

/** All objects of the heap: a `.heapsnapshot` document. Stops the world while it is taken. */
export function heapSnapshot(): AsyncIterable<Uint8Array> {
  return Readable.from(getHeapSnapshot());
}
