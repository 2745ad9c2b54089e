import {EngineError} from '@longshore/errdefs';
import {formatTime, fromMilliseconds} from '../time.ts';

/** One writer per ingest: a second one is told to come back, as containerd's clients expect. */
export class RefLocks {
  readonly #heldSince = new Map<string, number>();

  /** Throws unavailable while it is held. */
  acquire(key: string): Disposable {
    const since = this.#heldSince.get(key);
    if (since !== undefined) {
      const held = `${((Date.now() - since) / 1000).toFixed(3)}s (since ${formatTime(fromMilliseconds(since))})`;
      throw new EngineError('unavailable', `ref ${key} locked for ${held}: unavailable`);
    }
    this.#heldSince.set(key, Date.now());
    return {[Symbol.dispose]: () => this.#heldSince.delete(key)};
  }

  held(): ReadonlySet<string> {
    return new Set(this.#heldSince.keys());
  }
}
