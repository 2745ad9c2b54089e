/** Whether and when a container that has ended is started again. */
import {EngineError} from '@longshore/errdefs';
import type {RestartPolicy} from './documents/host-config.ts';

const firstDelayMs = 100;
const longestDelayMs = 60_000;
/** After a run of this length the delay begins anew. */
const stableRunMs = 10_000;

/** Throws Docker's messages for a policy that makes no sense. */
export function checkRestartPolicy({Name: name, MaximumRetryCount: retries}: RestartPolicy): void {
  const problem = (() => {
    if (!['', 'no', 'always', 'on-failure', 'unless-stopped'].includes(name)) {
      return `unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`;
    }
    if (retries < 0) return 'maximum retry count cannot be negative';
    if (retries > 0 && name !== 'on-failure') return `maximum retry count can only be used with 'on-failure'`;
    return undefined;
  })();
  if (problem) throw new EngineError('invalid-argument', `invalid restart policy: ${problem}`);
}

export function hasRestartPolicy({Name: name}: RestartPolicy): boolean {
  return name !== '' && name !== 'no';
}

/** Remembers one container's runs. */
export class RestartTracker {
  #delayMs = 0;

  /** Milliseconds to wait before the next start, or undefined to leave it. `run` is the run that has just ended. */
  next(
    policy: RestartPolicy,
    run: {exitCode: number; durationMs: number; restarts: number; stopped: boolean},
  ): number | undefined {
    if (run.stopped || !wantsRestart(policy, run)) return undefined;
    const isFirst = this.#delayMs === 0 || run.durationMs >= stableRunMs;
    this.#delayMs = isFirst ? firstDelayMs : Math.min(this.#delayMs * 2, longestDelayMs);
    return this.#delayMs;
  }

  /** A start by hand begins anew. */
  reset(): void {
    this.#delayMs = 0;
  }
}

function wantsRestart(policy: RestartPolicy, {exitCode, restarts}: {exitCode: number; restarts: number}): boolean {
  if (policy.Name === 'always' || policy.Name === 'unless-stopped') return true;
  if (policy.Name !== 'on-failure' || exitCode === 0) return false;
  return policy.MaximumRetryCount === 0 || restarts < policy.MaximumRetryCount;
}
