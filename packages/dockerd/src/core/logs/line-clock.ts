import {nowNano} from '../events/event-bus.ts';

/**
 * Times for the records of one log: each has its own, later than the one before, though many lines come in at once.
 * A client that goes on "since" the last line it has seen then gets no line of the same moment again.
 */
export class LineClock {
  #time = 0n;

  /** Looks at the clock: call it when bytes have come in. */
  update(): void {
    const now = nowNano();
    if (now > this.#time) this.#time = now;
  }

  /** The next time; never a multiple of ten, so that its text always has nine digits. */
  next(): bigint {
    this.#time += this.#time % 10n === 9n ? 2n : 1n;
    return this.#time;
  }

  /** Others have given out times up to this one, as `next` would have. */
  advanceTo(time: bigint): void {
    this.#time = time;
  }
}
