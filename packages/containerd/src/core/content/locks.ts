import {EngineError} from '@longshore/errdefs';
import {formatTime, fromMilliseconds} from '../time.ts';

/** How long a second writer waits for the first one's end, in milliseconds. */
const patienceMs = 500;

type Held = {since: number; waiting: (() => void)[]};

/**
 * One writer per ingest. A second one waits for a moment, since a client that has closed its stream opens the next one
 * before the end of the first has come through; then it is told to come back, as containerd's clients expect.
 */
export class RefLocks {
  readonly #locks = new Map<string, Held>();

  /** Throws unavailable while it is held, and what `signal` was aborted with. */
  async acquire(key: string, signal?: AbortSignal): Promise<Disposable> {
    const held = this.#locks.get(key);
    if (!held) this.#locks.set(key, {since: Date.now(), waiting: []});
    else await this.#wait(key, held, signal);
    return {[Symbol.dispose]: () => this.#release(key)};
  }

  held(): ReadonlySet<string> {
    return new Set(this.#locks.keys());
  }

  /** The lock goes from hand to hand: it is not free in between. */
  #release(key: string): void {
    const held = this.#locks.get(key);
    const next = held?.waiting.shift();
    if (!held || !next) {
      this.#locks.delete(key);
      return;
    }
    held.since = Date.now();
    next();
  }

  async #wait(key: string, held: Held, signal: AbortSignal | undefined): Promise<void> {
    const {promise, resolve, reject} = Promise.withResolvers<void>();
    const giveUp = (reason: unknown) => {
      const at = held.waiting.indexOf(resolve);
      if (at === -1) return; // it is ours already
      held.waiting.splice(at, 1);
      reject(reason);
    };
    const onAbort = () => giveUp(signal?.reason);
    held.waiting.push(resolve);
    const timer = setTimeout(() => giveUp(lockedError(key, held.since)), patienceMs);
    signal?.addEventListener('abort', onAbort, {once: true});
    if (signal?.aborted) onAbort();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }
}

function lockedError(key: string, since: number): EngineError {
  const held = `${((Date.now() - since) / 1000).toFixed(3)}s (since ${formatTime(fromMilliseconds(since))})`;
  return new EngineError('unavailable', `ref ${key} locked for ${held}: unavailable`);
}
