/** Patience with a containerd that died: it is started again. */
import {retry} from '@longshore/base';
import {isErrorCode} from '@longshore/errdefs';
import type {World} from './world.ts';

/** 50 ms, 100 ms, … for 17 s in all. */
const awayPatience = {initial: 50, max: 2000, attempts: 14};

/** Repeats what fails because containerd is away; not while this daemon ends. `action` may be done in part already. */
export function whileAway<T>(world: World, signal: AbortSignal, action: () => Promise<T>): Promise<T> {
  const isTransient = (error: unknown) => isErrorCode(error, 'unavailable') && !world.shuttingDown;
  return retry(action, {...awayPatience, signal, isTransient});
}
