/** Every operation of the engine runs as a named job: counted, logged, listed while in flight, refused at shutdown. */
import {type CallContext, callContext, type LogFields, type Logger, withSpan} from '@longshore/base';
import {codeOf, EngineError, type ErrorCode} from '@longshore/errdefs';

export interface RunningJob {
  id: number;
  name: string;
  /** What it was asked: for a request, its path. */
  fields: LogFields;
  startedAt: Date;
  /** Waits for something outside (a stream, an exit): shutdown does not wait for it. */
  waits: boolean;
  /** Of its own: what listens to its signal must not outlive it. */
  abort: AbortController;
}

export interface JobOptions {
  waits?: boolean;
  /** Part of another operation or of the daemon's own life: also runs during shutdown. */
  internal?: boolean;
  /** The context that the work's own is made from. */
  parent?: Partial<CallContext>;
}

/** Hears how long a job took, in seconds, and how it ended. */
export type JobObserver = (name: string, seconds: number, status: ErrorCode | 'ok') => void;

/** How long the answers to waits for containers that were stopped may take. */
const lastAnswersMs = 250;

interface ShutdownHandler {
  name: string;
  run: () => Promise<unknown> | unknown;
}

export class JobRunner {
  readonly #log: Logger;
  readonly #namespace: string;
  readonly #observe: JobObserver;
  readonly #running = new Map<number, RunningJob>();
  readonly #counts = new Map<string, {started: number; failed: number}>();
  readonly #handlers: ShutdownHandler[] = [];
  #nextId = 1;
  #draining = false;
  /** Called when a job has ended. */
  #ended: () => void = () => {};
  #lastEnd = performance.now();
  #next: PromiseWithResolvers<void> | undefined;

  /** `namespace` is containerd's, for the contexts of the jobs. */
  constructor(log: Logger, namespace: string, observe: JobObserver = () => {}) {
    this.#log = log;
    this.#namespace = namespace;
    this.#observe = observe;
  }

  /** Jobs in flight, oldest first. */
  get running(): RunningJob[] {
    return [...this.#running.values()];
  }

  /** True while a job runs that does not only wait. */
  get isBusy(): boolean {
    return this.running.some(({waits}) => !waits);
  }

  /** Milliseconds since the last job ended; 0 while one runs. */
  get quietMs(): number {
    return this.isBusy ? 0 : performance.now() - this.#lastEnd;
  }

  /** Resolves when the next job begins. */
  nextJob(): Promise<void> {
    this.#next ??= Promise.withResolvers<void>();
    return this.#next.promise;
  }

  /** How often each job was started and how often it failed. */
  get counts(): ReadonlyMap<string, {started: number; failed: number}> {
    return this.#counts;
  }

  /** Runs `work` as job `name`. Throws `unavailable` during shutdown, and whatever the work throws. */
  async run<T>(
    name: string,
    fields: LogFields,
    work: (ctx: CallContext) => Promise<T>,
    {waits = false, internal = false, parent = {}}: JobOptions = {},
  ): Promise<T> {
    if (this.#draining && !internal) throw new EngineError('unavailable', 'the daemon is shutting down');
    const job: RunningJob = {
      id: this.#nextId++,
      name,
      fields,
      startedAt: new Date(),
      waits,
      abort: new AbortController(),
    };
    const count = this.#counts.get(name) ?? {started: 0, failed: 0};
    this.#counts.set(name, count);
    count.started++;
    this.#running.set(job.id, job);
    this.#next?.resolve();
    this.#next = undefined;
    const log = this.#log.child({job: name});
    log.debug(fields, '+job');
    const begin = performance.now();
    let status: ErrorCode | 'ok' = 'ok';
    try {
      const {signal} = job.abort;
      const ctx = callContext({log, namespace: this.#namespace, signal, ...parent});
      return await withSpan(ctx, `job ${name}`, work, {attributes: waits ? {waits: 'true'} : {}});
    } catch (error) {
      status = codeOf(error);
      if (status !== 'not-modified') count.failed++;
      throw error;
    } finally {
      this.#running.delete(job.id);
      this.#lastEnd = performance.now();
      const milliseconds = performance.now() - begin;
      log.debug({status, milliseconds: Math.round(milliseconds * 1000) / 1000}, '-job');
      this.#observe(name, milliseconds / 1000, status);
      this.#ended();
    }
  }

  /** Something to be done when the daemon stops, after the jobs have ended. */
  onShutdown(name: string, run: ShutdownHandler['run']): void {
    this.#handlers.push({name, run});
  }

  /** Refuses new jobs, waits for the running ones, and aborts those that are left after `milliseconds`. */
  async drain(milliseconds: number): Promise<void> {
    this.#draining = true;
    await this.#untilEnded(milliseconds, job => !job.waits);
    for (const {name, startedAt, abort} of this.running.filter(({waits}) => !waits)) {
      this.#log.warn({job: name, startedAt: startedAt.toISOString()}, 'aborting a job that does not end');
      abort.abort(shutdownReason());
    }
  }

  /**
   * Ends the jobs that wait, once those that have just learnt what they waited for have told their clients, and runs the
   * handlers side by side, for `milliseconds` at the most.
   */
  async finish(milliseconds: number): Promise<void> {
    await this.#untilEnded(lastAnswersMs, () => true);
    for (const {abort} of this.running) abort.abort(shutdownReason());
    const handlers = this.#handlers.map(async ({name, run}) => {
      try {
        await run();
      } catch (error) {
        this.#log.warn({error, handler: name}, 'shutdown handler failed');
      }
    });
    await within(milliseconds, Promise.all(handlers));
  }

  /** Resolves when no such job is left, or the time is over. */
  async #untilEnded(milliseconds: number, matches: (job: RunningJob) => boolean): Promise<void> {
    if (!this.running.some(matches)) return;
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, milliseconds);
    this.#ended = () => {
      if (!this.running.some(matches)) over.resolve();
    };
    await over.promise;
    clearTimeout(timer);
    this.#ended = () => {};
  }
}

function shutdownReason(): DOMException {
  return new DOMException('the daemon is shutting down', 'AbortError');
}

async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, milliseconds);
  await Promise.race([work, late.promise]);
  clearTimeout(timer);
}
