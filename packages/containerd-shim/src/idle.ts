/** What a shim does when nothing is asked of it any more: once, a while after the last call. */

import {releaseCodePages} from '@longshore/linux';
import type {UnaryHandlers} from './handlers.ts';

/** A container has started: what remains is to wait for it, and many may be started side by side. */
const startedMs = 400;
/** Longer than the intervals at which clients ask again and again, so that not every answer is followed by cleaning. */
const quietMs = 3000;

export class IdleWatch {
  #timer: NodeJS.Timeout | undefined;
  #delay = 0;

  /** Something is going on. The shorter of the delays counts that were asked for since the last cleaning. */
  touch(delay: number = quietMs): void {
    if (this.#timer && delay >= this.#delay) {
      this.#timer.refresh();
      return;
    }
    clearTimeout(this.#timer);
    this.#delay = delay;
    this.#timer = setTimeout(() => this.#settle(), delay).unref();
  }

  /** Some 6 ms of work. What ran once is garbage now, compiled functions among it; the engine alone would wait for more. */
  #settle(): void {
    this.#timer = undefined;
    globalThis.gc?.();
    releaseCodePages();
  }

  /** The same handlers, each call of which counts as activity at its begin and its end. */
  watching(handlers: UnaryHandlers): UnaryHandlers {
    const watched: UnaryHandlers = {};
    for (const [name, handler] of Object.entries(handlers)) {
      const delay = name === 'start' ? startedMs : quietMs;
      watched[name] = async (ctx, request) => {
        this.touch();
        try {
          return await (handler(ctx, request) as Promise<object>);
        } finally {
          this.touch(delay);
        }
      };
    }
    return watched;
  }
}
