/** What a shim does when nothing is asked of it any more: once, a while after the last call. */

import {releaseCodePages} from '@longshore/linux';
import type {UnaryHandlers} from './handlers.ts';

/** Long enough that a container's usual start, with its calls one after the other, is over. */
const quietMs = 2000;

export class IdleWatch {
  #timer: NodeJS.Timeout | undefined;

  /** Something is going on. */
  touch(): void {
    if (this.#timer) this.#timer.refresh();
    else this.#timer = setTimeout(() => this.#settle(), quietMs).unref();
  }

  #settle(): void {
    this.#timer = undefined;
    releaseCodePages();
  }

  /** The same handlers, each call of which counts as activity at its begin and its end. */
  watching(handlers: UnaryHandlers): UnaryHandlers {
    const watched: UnaryHandlers = {};
    for (const [name, handler] of Object.entries(handlers)) {
      watched[name] = async (ctx, request) => {
        this.touch();
        try {
          return await (handler(ctx, request) as Promise<object>);
        } finally {
          this.touch();
        }
      };
    }
    return watched;
  }
}
