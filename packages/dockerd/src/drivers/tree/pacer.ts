import {setImmediate} from 'node:timers/promises';

const turnMs = 8;

/** Lets others have a turn when work made of system calls has taken long enough. */
export class Pacer {
  readonly #signal: AbortSignal;
  #since = performance.now();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Call it often; throws when the work is not wanted any more. */
  async turn(): Promise<void> {
    this.#signal.throwIfAborted();
    if (performance.now() - this.#since < turnMs) return;
    await setImmediate();
    this.#since = performance.now();
  }
}
