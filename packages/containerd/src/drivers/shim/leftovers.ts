/**
 * Bundles of dead shims whose `delete` action failed or took too long. They stay on disk, so that the next start of the
 * daemon finds them; until then the action is repeated here.
 */
import {existsSync} from 'node:fs';
import type {Logger} from '@longshore/base';
import type {Bundle} from './bundle.ts';

const firstPauseMs = 1000;
const longestPauseMs = 60_000;

type Leftover = {
  bundle: Bundle;
  deleteAction: () => Promise<unknown>;
  pauseMs: number;
  timer?: NodeJS.Timeout;
  /** Settles when the attempt under way has ended. */
  attempt?: Promise<void>;
};

export class Leftovers implements Disposable {
  readonly #log: Logger;
  /** By the path of the bundle. */
  readonly #leftovers = new Map<string, Leftover>();

  constructor(log: Logger) {
    this.#log = log;
  }

  add(bundle: Bundle, deleteAction: () => Promise<unknown>): void {
    const leftover: Leftover = {bundle, deleteAction, pauseMs: firstPauseMs};
    this.#leftovers.set(bundle.path, leftover);
    this.#schedule(leftover);
  }

  /**
   * Makes room for a new task of the same container: does what is still to be done for the old one. Throws what the
   * `delete` action throws; then it is still to be done.
   */
  async clear(bundle: Bundle): Promise<void> {
    const leftover = this.#leftovers.get(bundle.path);
    if (leftover) await this.#attempt(leftover);
  }

  [Symbol.dispose](): void {
    for (const {timer} of this.#leftovers.values()) clearTimeout(timer);
    this.#leftovers.clear();
  }

  #schedule(leftover: Leftover): void {
    leftover.timer = setTimeout(() => void this.#retry(leftover), leftover.pauseMs).unref();
    leftover.pauseMs = Math.min(leftover.pauseMs * 2, longestPauseMs);
  }

  async #retry(leftover: Leftover): Promise<void> {
    const {namespace, id, path} = leftover.bundle;
    try {
      await this.#attempt(leftover);
    } catch (error) {
      this.#log.warn({namespace, id, error}, 'still cannot clean up after a dead shim');
      if (this.#leftovers.get(path) === leftover) this.#schedule(leftover);
    }
  }

  /** Joins the attempt that is under way, if there is one. */
  #attempt(leftover: Leftover): Promise<void> {
    leftover.attempt ??= this.#remove(leftover).finally(() => {
      delete leftover.attempt;
    });
    return leftover.attempt;
  }

  async #remove(leftover: Leftover): Promise<void> {
    const {bundle, deleteAction} = leftover;
    if (existsSync(bundle.path)) await deleteAction();
    // Last: without it nobody knows of the container's cgroup and runtime state.
    await bundle.remove();
    clearTimeout(leftover.timer);
    this.#leftovers.delete(bundle.path);
  }
}
