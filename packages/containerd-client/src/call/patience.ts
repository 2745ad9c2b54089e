/** A containerd that is being restarted is not there for a moment: calls wait for it instead of failing. */
import {backoff, type CallContext, sleep} from '@longshore/base';
import type {Channel} from './channel.ts';
import {foundNobody} from './errors.ts';
import type {CallOptions} from './options.ts';

const pauses = {initial: 10, max: 100};

/**
 * Whether to make a call again that failed with `error`, after the pause that this takes. Only calls that no server can
 * have seen are made again. Rejects with the reason of `ctx.signal` when that aborts.
 */
export type Patience = (error: unknown) => Promise<boolean>;

/** The patience of one call; it is counted from now. */
export function patienceOf(channel: Channel, ctx: CallContext, options: CallOptions | undefined): Patience {
  const {timeoutMs = Number.POSITIVE_INFINITY, patienceMs = channel.patienceMs} = options ?? {};
  const end = Date.now() + Math.min(timeoutMs, patienceMs);
  let attempt = 0;
  return async error => {
    if (!foundNobody(error) || Date.now() >= end) return false;
    await sleep(backoff(attempt++, pauses), ctx.signal);
    return true;
  };
}
