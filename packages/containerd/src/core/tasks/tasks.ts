/** Tasks: which containers have a shim, and what happens to a task when its shim dies. */
import {
  aborted,
  backgroundContext,
  type CallContext,
  KeyedMutex,
  type Logger,
  withSpan,
  withTimeout,
} from '@longshore/base';
import {codeOf, EngineError, isErrorCode, messageOf} from '@longshore/errdefs';
import type {EventPublisher} from '../events/events.ts';
import {parseFilters} from '../filters/filter.ts';
import type {ContainerRecord, TypedValue} from '../metadata/records.ts';
import type {MetadataStore} from '../metadata/store.ts';
import {checkIdentifier, quote} from '../names.ts';
import type {SandboxObserver} from '../sandboxes/shim.ts';
import {now, type Timestamp} from '../time.ts';
import {effectiveRuntime} from './linux-runtime.ts';
import type {
  ProcessExit,
  ProcessState,
  Shim,
  ShimManager,
  ShimRequest,
  Stdio,
  TaskApi,
  TaskCreation,
  TaskProcessInfo,
} from './shim.ts';

export interface TaskMetric {
  readonly id: string;
  readonly timestamp: Timestamp;
  readonly data: TypedValue | undefined;
}

export interface TasksOptions {
  metadata: MetadataStore;
  shims: ShimManager;
  events: EventPublisher;
  log: Logger;
  /** How long Get and List wait for a shim's answer before they call the status unknown, in milliseconds. */
  stateTimeoutMs: number;
}

type Task = {
  readonly shim: Shim;
  /** How its first process ended, once the shim has said so. */
  exit?: ProcessExit;
  /** Set when the shim has died: settles after the clean-up. */
  death?: Promise<ProcessExit>;
};

export class Tasks implements AsyncDisposable {
  readonly #options: TasksOptions;
  readonly #tasks = new Map<string, Task>();
  /** Held while a task is made, deleted or cleaned up; never while one waits for its process. */
  readonly #locks = new KeyedMutex();
  readonly #background = new Set<Promise<unknown>>();
  /** Ends of shims that nobody waited for yet. */
  readonly #endings = new Map<string, Promise<void>>();

  constructor(options: TasksOptions) {
    this.#options = options;
  }

  /** Resolves when no shim is being ended or cleaned up any more. */
  async settled(): Promise<void> {
    await new Promise(resolve => setImmediate(resolve));
    while (this.#background.size > 0) await Promise.allSettled([...this.#background]);
  }

  /** Finishes what was begun and lets go of the shims, which live on. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.settled();
    const tasks = [...this.#tasks.values()];
    this.#tasks.clear(); // a connection that we close ourselves is no death
    for (const {shim} of tasks) shim.detach();
  }

  /** `<namespace>/<id>` of every task, with what is being done to it. */
  describe(): {[task: string]: string} {
    const state = ({exit, death}: Task) => (death ? 'shim died' : exit ? `exited ${exit.exitStatus}` : 'running');
    return Object.fromEntries([...this.#tasks].map(([key, task]) => [key, state(task)]));
  }

  get size(): number {
    return this.#tasks.size;
  }

  /** Takes over the shims of an earlier daemon. */
  async load(ctx: CallContext, sandboxes?: SandboxObserver): Promise<void> {
    const onDead = (namespace: string, id: string, exit: ProcessExit) => this.#announceEnd(namespace, id, exit, true);
    const shims = await this.#options.shims.load(ctx, onDead, sandboxes);
    for (const shim of shims) this.#add(shim);
  }

  /**
   * Starts the container's shim, or takes that of its sandbox, and creates the task in it; returns the pid of its first
   * process.
   */
  async create(
    ctx: CallContext,
    id: string,
    creation: TaskCreation,
    runtimePath = '',
    taskApi?: TaskApi,
  ): Promise<number> {
    const container = this.#container(ctx, id);
    using _lock = await this.#locks.acquire(keyOf(ctx.namespace, id), ctx.signal);
    if (this.#tasks.has(keyOf(ctx.namespace, id))) {
      throw new EngineError('already-exists', `task ${id}: already exists`);
    }
    const {name, options} = effectiveRuntime(container.runtime, creation.options);
    const request: ShimRequest = {
      id,
      runtime: runtimePath || name,
      spec: container.spec?.value ?? new Uint8Array(),
      ...(options && {options}),
      ...(container.sandbox !== '' && {sandbox: container.sandbox}),
      ...(taskApi && {taskApi}),
    };
    const shim = await withSpan(ctx, 'start shim', traced => this.#options.shims.start(traced, request));
    const pid = await this.#createIn(ctx, shim, {...creation, ...(options && {options})});
    this.#add(shim);
    return pid;
  }

  async start(ctx: CallContext, id: string, execId: string): Promise<number> {
    return this.#find(ctx, id).shim.start(ctx, execId);
  }

  async delete(ctx: CallContext, id: string): Promise<ProcessExit> {
    const task = this.#find(ctx, id);
    return this.#orDeath(task, '', () => this.#deleteLocked(ctx, keyOf(ctx.namespace, id), task));
  }

  async deleteProcess(ctx: CallContext, id: string, execId: string): Promise<ProcessExit> {
    return this.#find(ctx, id).shim.delete(ctx, execId);
  }

  async get(ctx: CallContext, id: string, execId: string): Promise<ProcessState> {
    return this.#state(ctx, this.#find(ctx, id), execId);
  }

  /** Tasks that vanish meanwhile are left out. */
  async list(ctx: CallContext): Promise<{id: string; state: ProcessState}[]> {
    const found = await Promise.all(
      this.#inNamespace(ctx).map(async task => {
        try {
          return {id: task.shim.id, state: await this.#state(ctx, task, '')};
        } catch (error) {
          if (isErrorCode(error, 'not-found', 'unavailable')) return undefined;
          throw error;
        }
      }),
    );
    return found.filter(entry => entry !== undefined);
  }

  async exec(ctx: CallContext, id: string, execId: string, process: TypedValue, stdio: Stdio): Promise<void> {
    checkIdentifier(execId);
    await this.#find(ctx, id).shim.exec(ctx, execId, process, stdio);
  }

  /** Resolves when the process has ended, also when its shim dies before it could tell. */
  async wait(ctx: CallContext, id: string, execId: string): Promise<ProcessExit> {
    const task = this.#find(ctx, id);
    return this.#orDeath(task, execId, () => task.shim.wait(ctx, execId));
  }

  /** The shim of a task, for calls that containerd only passes on. Throws not-found. */
  shim(ctx: CallContext, id: string): Shim {
    return this.#find(ctx, id).shim;
  }

  async pids(ctx: CallContext, id: string): Promise<TaskProcessInfo[]> {
    return this.#find(ctx, id).shim.pids(ctx);
  }

  /** Of every task that a filter on `id`, `namespace` or `runtime` selects; those that fail are logged and left out. */
  async metrics(ctx: CallContext, filters: readonly string[]): Promise<TaskMetric[]> {
    const filter = parseFilters(filters);
    const selected = this.#inNamespace(ctx).filter(({shim}) =>
      filter(([first]) => {
        if (first === 'id') return shim.id;
        if (first === 'namespace') return shim.namespace;
        return first === 'runtime'
          ? this.#options.metadata.containers.get(shim.namespace, shim.id)?.runtime.name
          : undefined;
      }),
    );
    const metrics = await Promise.all(selected.map(task => this.#metric(ctx, task.shim)));
    return metrics.filter(metric => metric !== undefined);
  }

  /** Statistics of the tasks of all namespaces; a shim that does not answer in time is left out. */
  async statistics(
    log: Logger,
    timeoutMs: number,
  ): Promise<{namespace: string; id: string; runtime: string; data: TypedValue | undefined}[]> {
    const {containers} = this.#options.metadata;
    const found = await Promise.all(
      [...this.#tasks.values()].map(async ({shim}) => {
        const ctx = withTimeout(backgroundContext(log, shim.namespace), timeoutMs);
        const metric = await this.#metric(ctx, shim);
        const runtime = containers.get(shim.namespace, shim.id)?.runtime.name ?? '';
        return metric && {namespace: shim.namespace, id: shim.id, runtime, data: metric.data};
      }),
    );
    return found.filter(entry => entry !== undefined);
  }

  /** Resolves when nothing is left of the tasks that the container had: no process, no directory. */
  async ended(ctx: CallContext, id: string): Promise<void> {
    await Promise.race([this.#endings.get(keyOf(ctx.namespace, id)), aborted(ctx.signal)]);
  }

  /** A shim reported that a task's first process ended: remembered in case the shim dies before it is deleted. */
  noteExit(namespace: string, id: string, exit: ProcessExit): void {
    const task = this.#tasks.get(keyOf(namespace, id));
    if (task) task.exit = exit;
  }

  #container(ctx: CallContext, id: string): ContainerRecord {
    const container = this.#options.metadata.containers.get(ctx.namespace, id);
    if (container) return container;
    throw new EngineError('not-found', `container ${quote(id)} in namespace ${quote(ctx.namespace)}: not found`);
  }

  #find(ctx: CallContext, id: string): Task {
    const task = this.#tasks.get(keyOf(ctx.namespace, id));
    if (!task) throw new EngineError('not-found', `task ${id} not found`);
    return task;
  }

  #inNamespace(ctx: CallContext): Task[] {
    return [...this.#tasks.values()].filter(task => task.shim.namespace === ctx.namespace);
  }

  async #createIn(ctx: CallContext, shim: Shim, creation: TaskCreation): Promise<number> {
    try {
      return await shim.create(ctx, creation);
    } catch (error) {
      await shim.end(uncancelled(ctx), 'failed');
      throw new EngineError(codeOf(error), `failed to create shim task: ${messageOf(error)}`, {cause: error});
    }
  }

  #add(shim: Shim): void {
    const key = keyOf(shim.namespace, shim.id);
    const task: Task = {shim};
    this.#tasks.set(key, task);
    shim.disconnected.then(() => {
      if (this.#tasks.get(key) !== task) return;
      task.death = this.#onDeath(key, task);
      this.#track(task.death);
    });
  }

  async #deleteLocked(ctx: CallContext, key: string, task: Task): Promise<ProcessExit> {
    using _lock = await this.#locks.acquire(key, ctx.signal);
    if (this.#tasks.get(key) !== task) throw new EngineError('not-found', `task ${task.shim.id} not found`);
    try {
      const exit = await task.shim.delete(ctx, '');
      this.#end(ctx, key, task, 'deleted');
      return exit;
    } catch (error) {
      // The shim says that it has no such task: only the shim itself is left to remove.
      if (isErrorCode(error, 'not-found')) this.#end(ctx, key, task, 'failed');
      throw error;
    }
  }

  /** When the shim dies under a call about the first process, the answer is what the clean-up finds. */
  async #orDeath(task: Task, execId: string, call: () => Promise<ProcessExit>): Promise<ProcessExit> {
    try {
      return await call();
    } catch (error) {
      if (!isErrorCode(error, 'unavailable')) throw error;
      await task.shim.disconnected;
      const exit = await task.death;
      if (!exit || execId !== '') throw error;
      return exit;
    }
  }

  /**
   * Forgets the task first: the end of a shim that nobody knows is not a death. The caller need not wait for it; a new
   * task of the container does, by the lock, and so does who deletes the container.
   */
  #end(ctx: CallContext, key: string, task: Task, how: 'deleted' | 'failed'): void {
    this.#tasks.delete(key);
    const end = async () => {
      using _lock = await this.#locks.acquire(key);
      await task.shim.end(uncancelled(ctx), how);
    };
    const ending = end().finally(() => {
      if (this.#endings.get(key) === ending) this.#endings.delete(key);
    });
    this.#endings.set(key, ending);
    this.#track(ending);
  }

  #track(work: Promise<unknown>): void {
    const tracked = work.finally(() => this.#background.delete(tracked));
    this.#background.add(tracked);
  }

  async #onDeath(key: string, task: Task): Promise<ProcessExit> {
    const {namespace, id} = task.shim;
    const log = this.#options.log.child({namespace, id});
    log.warn({}, 'shim disconnected, cleaning up after it');
    using _lock = await this.#locks.acquire(key);
    const exit = await task.shim.cleanUp(backgroundContext(log, namespace));
    if (this.#tasks.get(key) !== task) return task.exit ?? exit; // deleted while we waited for the lock
    this.#tasks.delete(key);
    this.#announceEnd(namespace, id, task.exit ?? exit, task.exit === undefined);
    return task.exit ?? exit;
  }

  #announceEnd(namespace: string, id: string, exit: ProcessExit, exitIsNews: boolean): void {
    const {pid, exitStatus, exitedAt = now()} = exit;
    const details = {containerId: id, pid, exitStatus, exitedAt};
    if (exitIsNews) this.#options.events.publish(namespace, {topic: '/tasks/exit', id, ...details});
    this.#options.events.publish(namespace, {topic: '/tasks/delete', ...details});
  }

  async #state(ctx: CallContext, task: Task, execId: string): Promise<ProcessState> {
    try {
      return await task.shim.state(ctx, execId, this.#options.stateTimeoutMs);
    } catch (error) {
      if (!isErrorCode(error, 'deadline-exceeded')) throw error;
      const {namespace, id} = task.shim;
      this.#options.log.warn({namespace, id, error}, 'shim does not answer, its status is unknown');
      return {pid: 0, status: 'unknown', stdin: '', stdout: '', stderr: '', terminal: false, exitStatus: 0};
    }
  }

  async #metric(ctx: CallContext, shim: Shim): Promise<TaskMetric | undefined> {
    try {
      const timestamp = now();
      return {id: shim.id, timestamp, data: await shim.stats(ctx)};
    } catch (error) {
      if (!isErrorCode(error, 'not-found')) this.#options.log.error({id: shim.id, error}, 'cannot get metrics of task');
      return undefined;
    }
  }
}

/** Cleaning up must not end with the request that made it necessary. */
function uncancelled(ctx: CallContext): CallContext {
  return {...ctx, signal: new AbortController().signal};
}

function keyOf(namespace: string, id: string): string {
  return `${namespace}/${id}`;
}
