/** Decides when to collect: soon after a removal, after many mutations, when something expires, or when asked. */
import {type Deferred, deferred, type Logger} from '@longshore/base';
import {toMilliseconds} from '../time.ts';
import type {CollectionResult} from './collector.ts';
import type {CollectorTriggers} from './triggers.ts';

export interface SchedulerConfig {
  /** Largest share of the time that collections may pause other requests: 0.02 waits 50 times as long as the last one. */
  pauseThreshold: number;
  /** Mutations after which a collection runs even when nothing was removed; 0 for never. */
  mutationThreshold: number;
  /** Removals after which a collection runs without waiting for that; 0 for never. */
  deletionThreshold: number;
  scheduleDelayMs: number;
  startupDelayMs: number;
}

/**
 * A collection counts as at least this long: a store that is collected in no time would be collected at every removal,
 * and a client be left no moment to take up again what it has just let go of. The original counts so, too.
 */
const minimumPauseMs = 5;

/** Timers take at most 2^31-1 ms; a later expiry is looked at again then. */
const maxTimerMs = 24 * 3600 * 1000;

export class CollectionScheduler implements CollectorTriggers, AsyncDisposable {
  readonly #collect: () => Promise<CollectionResult>;
  readonly #config: SchedulerConfig;
  readonly #log: Logger;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #expiryTimer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #waiting: Deferred<void> | undefined;
  #mutations = 0;
  #removals = 0;
  /** From a removal to the collection that it leads to. */
  #intervalMs: number;
  #stopped = false;

  constructor(collect: () => Promise<CollectionResult>, config: SchedulerConfig, log: Logger) {
    this.#collect = collect;
    this.#config = config;
    this.#intervalMs = minimumPauseMs / config.pauseThreshold;
    this.#log = log;
  }

  /** Call once, when the store is ready. */
  start(): void {
    this.#schedule(this.#config.startupDelayMs);
  }

  removed(): void {
    this.#removals++;
    const {deletionThreshold, scheduleDelayMs} = this.#config;
    const isUrgent = deletionThreshold > 0 && this.#removals >= deletionThreshold;
    this.#schedule(isUrgent ? scheduleDelayMs : Math.max(scheduleDelayMs, this.#intervalMs));
  }

  mutated(): void {
    this.#mutations++;
    const {mutationThreshold, scheduleDelayMs} = this.#config;
    if (mutationThreshold <= 0 || this.#mutations < mutationThreshold) return;
    this.#schedule(Math.max(scheduleDelayMs, this.#intervalMs));
  }

  collect(): Promise<void> {
    this.#waiting ??= deferred<void>();
    const {promise} = this.#waiting;
    this.#schedule(0);
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#expiryTimer);
    await this.#running;
  }

  #schedule(delay: number): void {
    if (this.#stopped || this.#running) return; // a run looks for new work when it ends
    const dueAt = performance.now() + delay;
    if (dueAt >= this.#dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => this.#begin(), Math.max(0, delay));
    this.#timer.unref();
  }

  #begin(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#mutations = 0;
    this.#removals = 0;
    this.#running = this.#run(waiting).finally(() => {
      this.#running = undefined;
      if (this.#waiting) this.#schedule(0);
      else if (this.#removals > 0) this.#schedule(this.#intervalMs);
    });
  }

  async #run(waiting: Deferred<void> | undefined): Promise<void> {
    try {
      const result = await this.#collect();
      this.#intervalMs = Math.max(result.pauseMs, minimumPauseMs) / this.#config.pauseThreshold;
      this.#log.debug({pauseMs: result.pauseMs.toFixed(1), removed: result.removed}, 'garbage collected');
      if (result.nextExpiry) this.#watchExpiry(toMilliseconds(result.nextExpiry));
      waiting?.resolve();
    } catch (error) {
      this.#log.error({error}, 'garbage collection failed');
      waiting?.reject(error);
    }
  }

  #watchExpiry(at: number): void {
    clearTimeout(this.#expiryTimer);
    if (this.#stopped) return;
    const delay = Math.min(Math.max(0, at - Date.now()) + 10, maxTimerMs);
    this.#expiryTimer = setTimeout(() => this.#schedule(0), delay);
    this.#expiryTimer.unref();
  }
}
