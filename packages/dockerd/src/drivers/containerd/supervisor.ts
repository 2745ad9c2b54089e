/** Keeps a containerd of our own running: starts or adopts it, checks its health, restarts it, stops it last. */
import type {EventEmitter} from 'node:events';
import {backoff, type Logger, sleep} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {ContainerdProcess, type ContainerdProcessOptions} from './process.ts';

export interface SupervisorOptions extends ContainerdProcessOptions {
  log: Logger;
  /** How often and how long; the defaults are the documented ones. */
  timing?: Partial<Timing>;
  /** What emits SIGCHLD: this process. */
  signals?: Pick<EventEmitter, 'on' | 'off'>;
}

export interface Supervision {
  /** True while somebody waits for containerd: then it is looked at more often. */
  isBusy: () => boolean;
  /** For how long nobody has asked for anything, in milliseconds. Without it the supervisor never rests. */
  quietMs?: () => number;
  /** Resolves when somebody asks again. */
  nextRequest?: () => Promise<void>;
}

interface Timing {
  startMs: number;
  /** Between two checks while somebody waits for containerd. */
  busyMs: number;
  /** While nobody does: an idle daemon wakes once a second and no more. A death is seen at once in any case. */
  idleMs: number;
  /**
   * After `restAfterMs` in which nobody asked for anything, until somebody does: each check wakes two processes. Whether
   * it still waits for work is looked at every `lookMs`, which wakes only this one, and when the kernel tells that a child
   * was stopped; if it does not wait, it is checked at once.
   */
  restMs: number;
  restAfterMs: number;
  lookMs: number;
  restartDelay: {initial: number; max: number};
}

export const startTimeoutMs = 15_000;
export const healthTimeoutMs = 3_000;
const stopTimeoutMs = 15_000;
/** A containerd that misses this many checks in a row is killed; one that is stopped by a signal after the first. */
const maximumMisses = 3;
/** One that does not come up is started this often at the daemon's start, and this often later. */
const maximumStarts = 3;
const maximumRestarts = 10;
const probeMs = 4;
const standardTiming: Timing = {
  startMs: startTimeoutMs,
  busyMs: 500,
  idleMs: 1_000,
  restMs: 30_000,
  restAfterMs: 15_000,
  lookMs: 5_000,
  restartDelay: {initial: 100, max: 10_000},
};

export class ContainerdSupervisor {
  readonly #log: Logger;
  readonly #timing: Timing;
  readonly #process: ContainerdProcess;
  readonly #signals: Pick<EventEmitter, 'on' | 'off'>;
  readonly #stopping = new AbortController();
  readonly #lost = Promise.withResolvers<never>();
  #isHealthy: () => Promise<boolean> = async () => false;
  #supervision: Supervision = {isBusy: () => false};
  #monitor: Promise<void> = Promise.resolve();

  constructor({timing, signals = process, ...options}: SupervisorOptions) {
    this.#signals = signals;
    this.#log = options.log;
    this.#timing = {...standardTiming, ...timing};
    this.#process = new ContainerdProcess(options);
    this.#lost.promise.catch(() => {}); // whoever waits for it hears of it
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Rejects when it was restarted in vain for the last time. */
  get lost(): Promise<never> {
    return this.#lost.promise;
  }

  /** Adopts one that an earlier dockerd left, or starts one. It does not answer yet. */
  async start(): Promise<void> {
    if (await this.#process.adopt()) this.#log.info({pid: this.pid}, 'found a running containerd of an earlier start');
    else await this.#process.spawn();
  }

  /** Resolves when it takes connections; one that ends before is started again. Throws after the third, or 15 s. */
  async untilListening(): Promise<void> {
    for (let starts = 1; !(await this.#isListeningInTime()); starts++) {
      const {executable} = this.#process;
      if (this.#process.isAlive || this.#stopping.signal.aborted) {
        this.#process.kill('KILL');
        const seconds = this.#timing.startMs / 1000;
        throw new EngineError(
          'unavailable',
          `failed to start containerd (${executable}): it did not answer within ${seconds} s`,
        );
      }
      if (starts === maximumStarts) {
        throw new EngineError(
          'unavailable',
          `failed to start containerd (${executable}): it ended ${starts} times before it answered`,
        );
      }
      await this.#process.spawn();
    }
  }

  /** Resolves when it is healthy, and watches it from then on. Throws when neither it nor a new one becomes so. */
  async watch(isHealthy: () => Promise<boolean>, supervision: Supervision): Promise<void> {
    this.#isHealthy = () => isHealthy().catch(() => false); // not up yet, or hanging: the caller counts
    this.#supervision = supervision;
    if (!(await this.#becomesHealthy()) && !(await this.#becomesHealthyAnew())) {
      const {executable} = this.#process;
      throw new EngineError(
        'unavailable',
        `failed to start containerd (${executable}): it takes connections but does not answer`,
      );
    }
    this.#monitor = this.#watch();
  }

  /** SIGTERM, 15 s, SIGKILL. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#monitor;
    await this.#process.stop(stopTimeoutMs);
  }

  async #isListeningInTime(): Promise<boolean> {
    for (const end = Date.now() + this.#timing.startMs; Date.now() < end; await sleep(probeMs)) {
      if (this.#stopping.signal.aborted || !this.#process.isAlive) return false;
      if (await this.#process.takesConnections()) return true;
    }
    return false;
  }

  async #becomesHealthy(): Promise<boolean> {
    for (const end = Date.now() + this.#timing.startMs; Date.now() < end; await sleep(probeMs)) {
      if (await this.#isHealthy()) return true;
      if (!this.#process.isAlive || this.#stopping.signal.aborted) return false;
    }
    return false;
  }

  /** One that was adopted may hang: a new one gets its chance. */
  async #becomesHealthyAnew(): Promise<boolean> {
    if (this.#stopping.signal.aborted) return false;
    this.#log.error({pid: this.pid}, 'containerd hangs: restarting it');
    this.#process.kill('KILL');
    await this.#restart();
    return this.#isHealthy();
  }

  async #watch(): Promise<void> {
    let misses = 0;
    let restarts = 0;
    while (await this.#pauseUntilCheck(misses === 0)) {
      const alive = this.#process.isAlive;
      if (alive && (await this.#isHealthy())) {
        misses = restarts = 0;
        continue;
      }
      misses++;
      if (alive && misses < maximumMisses && !this.#process.isStopped) continue;
      if (restarts === maximumRestarts) return this.#giveUp(restarts);
      const what = alive ? 'containerd hangs: restarting it' : 'containerd died: restarting it';
      this.#log.error({pid: this.pid, alive}, what);
      this.#process.kill('KILL');
      if (restarts > 0 && !(await this.#pause(backoff(restarts - 1, this.#timing.restartDelay)))) return;
      restarts++;
      misses = 0;
      await this.#restart();
    }
  }

  async #restart(): Promise<void> {
    try {
      await this.#process.isGoneWithin(1_000);
      await this.#process.spawn();
      await this.#becomesHealthy();
    } catch (error) {
      this.#log.error({error}, 'cannot restart containerd');
    }
  }

  #giveUp(restarts: number): void {
    const {executable} = this.#process;
    this.#lost.reject(
      new EngineError('unavailable', `containerd (${executable}) does not run: gave up after ${restarts} restarts`),
    );
  }

  /** Until the next check is due, or containerd is seen to die. False when the supervisor was stopped. */
  async #pauseUntilCheck(mayRest: boolean): Promise<boolean> {
    const {busyMs, idleMs, restAfterMs} = this.#timing;
    const {isBusy, quietMs, nextRequest} = this.#supervision;
    const rests = mayRest && nextRequest !== undefined && (quietMs?.() ?? 0) > restAfterMs;
    const over = new AbortController();
    const isPressing = isBusy() || !mayRest;
    const pause = rests ? this.#rest(over.signal) : this.#pause(isPressing ? busyMs : idleMs, over.signal);
    const request = rests ? [nextRequest().then(() => true)] : [];
    try {
      return await Promise.race([this.#process.died(), pause, ...request]);
    } finally {
      over.abort();
    }
  }

  /** Until it is seen not to wait for work, or the next check is due all the same. */
  async #rest(over: AbortSignal): Promise<boolean> {
    const {restMs, lookMs} = this.#timing;
    for (let rested = 0; rested < restMs; rested += lookMs) {
      if (!(await this.#pauseUnlessChildStops(Math.min(lookMs, restMs), over))) return false;
      if (!this.#process.isWaiting) return true;
    }
    return true;
  }

  /** A child that is stopped by a signal, or ends, is announced by SIGCHLD: the pause is over then. */
  async #pauseUnlessChildStops(milliseconds: number, over: AbortSignal): Promise<boolean> {
    const {promise: child, resolve} = Promise.withResolvers<true>();
    const announced = () => resolve(true);
    const ended = new AbortController();
    this.#signals.on('SIGCHLD', announced);
    try {
      return await Promise.race([child, this.#pause(milliseconds, AbortSignal.any([over, ended.signal]))]);
    } finally {
      this.#signals.off('SIGCHLD', announced);
      ended.abort();
    }
  }

  /** False when the supervisor was stopped meanwhile, or `over` aborts. */
  async #pause(milliseconds: number, over?: AbortSignal): Promise<boolean> {
    const {signal} = this.#stopping;
    return sleep(milliseconds, over ? AbortSignal.any([signal, over]) : signal).then(
      () => true,
      () => false,
    );
  }
}
