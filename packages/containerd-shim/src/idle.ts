/** What a shim does when nothing is asked of it any more: once, a while after the last call. */
import {releaseCodePages} from '@longshore/linux';
import type {TaskHandlers} from './task/service.ts';

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
  watching(handlers: TaskHandlers): TaskHandlers {
    const watched: Record<string, unknown> = {};
    for (const [name, handler] of Object.entries(handlers)) {
      const call = handler as (...args: unknown[]) => Promise<unknown>;
      watched[name] = (...args: unknown[]) => {
        this.touch();
        return call(...args).finally(() => this.touch());
      };
    }
    return watched as TaskHandlers;
  }
}
