/** A running shim as the core sees it: its connection, its bundle and its end. */
import {unlink} from 'node:fs/promises';
import type {ServiceDefinition} from '@longshore/api';
import {type CallContext, deferred, type Logger} from '@longshore/base';
import {EngineError, isErrorCode, messageOf} from '@longshore/errdefs';
import {kill} from '@longshore/linux';
import {type ServiceClient, socketPath} from '@longshore/ttrpc';
import type {TypedValue} from '../../core/metadata/records.ts';
import type {ProcessExit, ProcessState, Shim, Stdio, TaskCreation, TaskProcessInfo} from '../../core/tasks/shim.ts';
import {now} from '../../core/time.ts';
import type {Bundle} from './bundle.ts';
import {anyOf, creationToWire, exitFromWire, stateFromWire} from './convert.ts';
import type {ShimLog} from './shim-log.ts';
import type {TaskConnection} from './task-connection.ts';

export interface ShimTimeouts {
  /** Of the `delete` action, in milliseconds; likewise below. */
  cleanup: number;
  load: number;
  shutdown: number;
}

/** A shim that we started ourselves. */
export interface OwnChild {
  pid: number;
  /** Its exit status, when it has ended. */
  ended: Promise<number>;
}

export interface ShimParts {
  bundle: Bundle;
  address: string;
  /** Runs the `delete` action. */
  runDelete: () => Promise<ProcessExit>;
  /** Hears that the `delete` action failed: the bundle stays, and with it what is needed to do it again. */
  onLeftover: () => void;
  timeouts: ShimTimeouts;
  log: Logger;
  shimLog: ShimLog;
  child?: OwnChild;
  /** The process belongs to a sandbox: it outlives this task. */
  shared?: boolean;
}

/** Status of a process whose end nobody saw. */
const unknownExitStatus = 255;

export class ShimProcess implements Shim {
  readonly #parts: ShimParts;
  readonly #disconnected = deferred();
  #connection: TaskConnection | undefined;

  constructor(parts: ShimParts) {
    this.#parts = parts;
  }

  get namespace(): string {
    return this.#parts.bundle.namespace;
  }

  get id(): string {
    return this.#parts.bundle.id;
  }

  get bundle(): string {
    return this.#parts.bundle.path;
  }

  get address(): string {
    return this.#parts.address;
  }

  get disconnected(): Promise<void> {
    return this.#disconnected.promise;
  }

  /** The connection's `onClose`. */
  readonly onClose = (): void => this.#disconnected.resolve();

  attach(connection: TaskConnection): void {
    this.#connection = connection;
  }

  /** A client of another service of the same process. */
  service<S extends ServiceDefinition>(definition: S): ServiceClient<S> {
    return this.#task.service(definition);
  }

  /** Throws unimplemented when the shim has no task service; not-found when it has no such task. */
  async connect(ctx: CallContext): Promise<void> {
    await this.#task.call('connect', ctx, {id: this.id}, {timeoutMs: this.#parts.timeouts.load});
  }

  async create(ctx: CallContext, creation: TaskCreation): Promise<number> {
    try {
      const {pid} = await this.#task.call('create', ctx, creationToWire(this.id, this.bundle, creation));
      return pid;
    } catch (error) {
      if (!isErrorCode(error, 'unavailable')) throw error;
      const last = this.#parts.shimLog.tail();
      throw new EngineError('unavailable', `shim ended early: ${last || messageOf(error)}`, {cause: error});
    }
  }

  async start(ctx: CallContext, execId: string): Promise<number> {
    const {pid} = await this.#task.call('start', ctx, {id: this.id, execId});
    return pid;
  }

  async delete(ctx: CallContext, execId: string): Promise<ProcessExit> {
    return exitFromWire(await this.#task.call('delete', ctx, {id: this.id, execId}));
  }

  async exec(ctx: CallContext, execId: string, process: TypedValue, stdio: Stdio): Promise<void> {
    await this.#task.call('exec', ctx, {id: this.id, execId, spec: anyOf(process), ...stdio});
  }

  async state(ctx: CallContext, execId: string, timeoutMs?: number): Promise<ProcessState> {
    const options = timeoutMs === undefined ? {} : {timeoutMs};
    return stateFromWire(await this.#task.call('state', ctx, {id: this.id, execId}, options));
  }

  async wait(ctx: CallContext, execId: string): Promise<ProcessExit> {
    return exitFromWire(await this.#task.call('wait', ctx, {id: this.id, execId}));
  }

  async kill(ctx: CallContext, execId: string, signal: number, all: boolean): Promise<void> {
    await this.#task.call('kill', ctx, {id: this.id, execId, signal, all});
  }

  async pids(ctx: CallContext): Promise<TaskProcessInfo[]> {
    const {processes} = await this.#task.call('pids', ctx, {id: this.id});
    return processes.map(({pid, info}) => ({pid, ...(info && {info})}));
  }

  async pause(ctx: CallContext): Promise<void> {
    await this.#task.call('pause', ctx, {id: this.id});
  }

  async resume(ctx: CallContext): Promise<void> {
    await this.#task.call('resume', ctx, {id: this.id});
  }

  async update(
    ctx: CallContext,
    resources: TypedValue | undefined,
    annotations: Record<string, string>,
  ): Promise<void> {
    await this.#task.call('update', ctx, {id: this.id, resources: anyOf(resources), annotations});
  }

  async stats(ctx: CallContext): Promise<TypedValue | undefined> {
    const {stats} = await this.#task.call('stats', ctx, {id: this.id});
    return stats;
  }

  async resizePty(ctx: CallContext, execId: string, width: number, height: number): Promise<void> {
    await this.#task.call('resizePty', ctx, {id: this.id, execId, width, height});
  }

  async closeIO(ctx: CallContext, execId: string, stdin: boolean): Promise<void> {
    await this.#task.call('closeIO', ctx, {id: this.id, execId, stdin});
  }

  async checkpoint(ctx: CallContext, path: string, options: TypedValue | undefined): Promise<void> {
    await this.#task.call('checkpoint', ctx, {id: this.id, path, options: anyOf(options)});
  }

  detach(): void {
    this.#connection?.close();
    this.#parts.shimLog[Symbol.dispose]();
  }

  async end(ctx: CallContext, how: 'deleted' | 'failed'): Promise<void> {
    const {log, timeouts, child, shimLog, shared} = this.#parts;
    try {
      if (how === 'failed') await this.#attempt('delete', () => this.delete(withLimit(ctx, timeouts.cleanup), ''));
      const isDown = shared || (await this.#attempt('shutdown', () => this.#shutdown(ctx)));
      this.#connection?.close();
      // A shim of ours that answered both has nothing left to clean up; what others leave is theirs to know.
      const isClean = how === 'deleted' && isDown && (child !== undefined || shared === true);
      if (child) await this.#waitForChild(child);
      const isRun = isClean || (await this.#attempt('run the delete action of', () => this.#parts.runDelete()));
      // A deleted task has left nothing. Of a failed one the runtime and the cgroup may still be there.
      if (isRun || how === 'deleted') await this.#parts.bundle.remove();
      else this.#parts.onLeftover();
    } catch (error) {
      log.error({error}, 'cannot remove what is left of a shim');
    } finally {
      shimLog[Symbol.dispose]();
    }
  }

  async cleanUp(): Promise<ProcessExit> {
    const {log, shimLog, child} = this.#parts;
    this.#connection?.close();
    if (child) await this.#waitForChild(child);
    let exit: ProcessExit = {pid: 0, exitStatus: unknownExitStatus, exitedAt: now()};
    let isClean = true;
    try {
      exit = await this.#parts.runDelete();
    } catch (error) {
      isClean = false;
      log.error({error, shim: shimLog.tail()}, 'cannot clean up after a dead shim, its bundle stays');
    }
    try {
      if (!this.#parts.shared) await unlinkSocket(this.address);
      // The bundle goes last: without it nobody knows of the container's cgroup and runtime state.
      if (isClean) await this.#parts.bundle.remove();
      else this.#parts.onLeftover();
    } catch (error) {
      log.error({error}, 'cannot remove the bundle of a dead shim');
    } finally {
      shimLog[Symbol.dispose]();
    }
    return exit;
  }

  get #task(): TaskConnection {
    if (!this.#connection) throw new TypeError('shim is not connected');
    return this.#connection;
  }

  async #shutdown(ctx: CallContext): Promise<void> {
    await this.#task.call('shutdown', ctx, {id: this.id, now: false}, {timeoutMs: this.#parts.timeouts.shutdown});
  }

  async #attempt(what: string, action: () => Promise<unknown>): Promise<boolean> {
    try {
      await action();
      return true;
    } catch (error) {
      this.#parts.log.debug({error}, `cannot ${what} shim`);
      return false;
    }
  }

  /** Its socket's name must be free before a new shim of the same container binds it. */
  async #waitForChild({pid, ended}: OwnChild): Promise<void> {
    const timer = setTimeout(() => {
      this.#parts.log.warn({pid}, 'shim does not end, killing it');
      kill(pid, 9);
    }, this.#parts.timeouts.shutdown);
    await ended;
    clearTimeout(timer);
  }
}

function withLimit(ctx: CallContext, timeoutMs: number): CallContext {
  return {...ctx, signal: AbortSignal.any([ctx.signal, AbortSignal.timeout(timeoutMs)])};
}

async function unlinkSocket(address: string): Promise<void> {
  if (address === '') return;
  try {
    await unlink(socketPath(address));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
