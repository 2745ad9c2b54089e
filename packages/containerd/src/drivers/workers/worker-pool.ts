/**
 * Worker threads for work that would block the event loop. They are started when there is work and end after a while
 * without, which gives their memory back.
 */
import type {Transferable, Worker} from 'node:worker_threads';
import {EngineError, type ErrorCode} from '@longshore/errdefs';
import {Slots} from './slots.ts';

/** What a worker posts when a job is over. Errors keep their code and message. */
export type WorkerReply = {result: unknown} | {error: {code: ErrorCode; message: string; stack?: string | undefined}};

/** Anything else that a worker posts while a job runs. */
export type WorkerNote = {note: unknown};

export interface WorkerPoolOptions {
  start: () => Worker;
  /** Threads at the same time; further jobs wait. */
  size: number;
  idleMs?: number;
}

export interface JobOptions {
  signal: AbortSignal;
  transfer?: readonly Transferable[];
  /** Shared memory: its first element becomes 1 when the signal aborts, and the thread is given a moment to see it. */
  cancel?: Int32Array;
  /** Receives what the worker posts before its reply. */
  onNote?: (note: unknown, worker: Worker) => void;
}

const defaultIdleMs = 5_000;
/** A thread that ends by itself closes what it has open; one that is ended does not. */
const cancelGraceMs = 20_000;

export class WorkerPool implements AsyncDisposable {
  readonly #options: WorkerPoolOptions;
  readonly #slots: Slots;
  /** Threads without work, with the timers that will end them. */
  readonly #idle = new Map<Worker, NodeJS.Timeout>();
  readonly #all = new Set<Worker>();
  #closed = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#slots = new Slots(options.size);
  }

  /** Threads alive, busy or idle. */
  get threads(): number {
    return this.#all.size;
  }

  /** Posts `job` to a free thread and waits for its reply. When the signal aborts, the thread is ended. */
  async run<Result>(job: unknown, options: JobOptions): Promise<Result> {
    using _slot = await this.#slots.acquire(options.signal);
    if (this.#closed) throw new EngineError('unavailable', 'worker pool is closed');
    const worker = this.#takeWorker();
    let reply: WorkerReply;
    try {
      reply = await exchange(worker, job, options);
    } catch (error) {
      await worker.terminate(); // nobody knows what it is doing
      throw error;
    }
    this.#release(worker);
    options.signal.throwIfAborted();
    if ('error' in reply) throw toEngineError(reply.error);
    return reply.result as Result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const timer of this.#idle.values()) clearTimeout(timer);
    this.#idle.clear();
    await Promise.all([...this.#all].map(worker => worker.terminate()));
  }

  #takeWorker(): Worker {
    for (const [worker, timer] of this.#idle) {
      clearTimeout(timer);
      this.#idle.delete(worker);
      return worker;
    }
    const worker = this.#options.start();
    this.#all.add(worker);
    worker.once('exit', () => this.#forget(worker));
    worker.on('error', () => {}); // `exchange` reports it; an idle thread just ends
    worker.unref();
    return worker;
  }

  #release(worker: Worker): void {
    if (this.#closed || !this.#all.has(worker)) return;
    const timer = setTimeout(() => {
      this.#idle.delete(worker);
      void worker.terminate();
    }, this.#options.idleMs ?? defaultIdleMs);
    timer.unref();
    this.#idle.set(worker, timer);
  }

  #forget(worker: Worker): void {
    this.#all.delete(worker);
    clearTimeout(this.#idle.get(worker));
    this.#idle.delete(worker);
  }
}

/** One job and its reply. Rejects when the thread dies or the signal aborts. */
async function exchange(worker: Worker, job: unknown, options: JobOptions): Promise<WorkerReply> {
  const {promise, resolve, reject} = Promise.withResolvers<WorkerReply>();
  const onMessage = (message: WorkerReply | WorkerNote) => {
    if ('note' in message) options.onNote?.(message.note, worker);
    else resolve(message);
  };
  const onError = (error: unknown) =>
    reject(new EngineError('internal', `worker thread failed: ${String(error)}`, {cause: error}));
  const onExit = () => reject(new EngineError('internal', 'worker thread ended in the middle of its work'));
  let grace: NodeJS.Timeout | undefined;
  const onAbort = () => {
    if (!options.cancel) reject(options.signal.reason);
    else {
      Atomics.store(options.cancel, 0, 1);
      grace = setTimeout(() => reject(options.signal.reason), cancelGraceMs);
    }
  };
  worker.on('message', onMessage).on('error', onError).on('exit', onExit);
  options.signal.addEventListener('abort', onAbort, {once: true});
  worker.ref();
  try {
    worker.postMessage(job, [...(options.transfer ?? [])]);
    return await promise;
  } finally {
    clearTimeout(grace);
    worker.unref();
    worker.off('message', onMessage).off('error', onError).off('exit', onExit);
    options.signal.removeEventListener('abort', onAbort);
  }
}

function toEngineError(error: {code: ErrorCode; message: string; stack?: string | undefined}): EngineError {
  const cause = new Error(error.message);
  if (error.stack !== undefined) cause.stack = error.stack;
  return new EngineError(error.code, error.message, {cause});
}
