/** Every operation of the engine runs as a named job: counted, logged, listed while in flight, refused at shutdown. */
import {type CallContext, callContext, type LogFields, type Logger} from '@longshore/base';
import {codeOf, EngineError} from '@longshore/errdefs';

export interface RunningJob {
  id: number;
  name: string;
  fields: LogFields;
  startedAt: Date;
  /** Waits for something outside (a stream, an exit): shutdown does not wait for it. */
  waits: boolean;
}

export class JobRunner {
  readonly #log: Logger;
  readonly #namespace: string;
  readonly #running = new Map<number, RunningJob>();
  readonly #abort = new AbortController();
  readonly #counts = new Map<string, {started: number; failed: number}>();
  #nextId = 1;
  #draining = false;
  #idle: (() => void) | undefined;

  /** `namespace` is containerd's, for the contexts of the jobs. */
  constructor(log: Logger, namespace: string) {
    this.#log = log;
    this.#namespace = namespace;
  }

  /** Jobs in flight, oldest first. */
  get running(): RunningJob[] {
    return [...this.#running.values()];
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
    options: {waits?: boolean} = {},
  ): Promise<T> {
    if (this.#draining) throw new EngineError('unavailable', 'the daemon is shutting down');
    const job: RunningJob = {id: this.#nextId++, name, fields, startedAt: new Date(), waits: options.waits ?? false};
    const count = this.#counts.get(name) ?? {started: 0, failed: 0};
    this.#counts.set(name, count);
    count.started++;
    this.#running.set(job.id, job);
    const log = this.#log.child({job: name});
    log.debug(fields, '+job');
    let status = 'ok';
    try {
      return await work(callContext({log, namespace: this.#namespace, signal: this.#abort.signal}));
    } catch (error) {
      status = codeOf(error);
      if (status !== 'not-modified') count.failed++;
      throw error;
    } finally {
      this.#running.delete(job.id);
      log.debug({status, milliseconds: Date.now() - job.startedAt.getTime()}, '-job');
      if (!this.#isBusy()) this.#idle?.();
    }
  }

  /** Refuses new jobs, waits for the running ones, and aborts those that are left after `milliseconds`. */
  async drain(milliseconds: number): Promise<void> {
    this.#draining = true;
    if (this.#isBusy()) {
      const timer = Promise.withResolvers<void>();
      const timeout = setTimeout(timer.resolve, milliseconds);
      await Promise.race([new Promise<void>(resolve => (this.#idle = resolve)), timer.promise]);
      clearTimeout(timeout);
    }
    this.#abort.abort(new DOMException('the daemon is shutting down', 'AbortError'));
  }

  #isBusy(): boolean {
    return this.running.some(job => !job.waits);
  }
}
