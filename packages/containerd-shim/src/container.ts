/** One container: its first process, those exec'd into it, and what may be done with them. Knows no wire types. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {type CallContext, type Logger, Mutex, withSpan} from '@longshore/base';
import {EngineError, isErrorCode, messageOf} from '@longshore/errdefs';
import {type Cgroup, cgroupFromDirectories, isErrno, kill} from '@longshore/linux';
import type {CheckpointOptions, ContainerStdio, Resources, RuncRuntime} from '@longshore/runc-wrapper';
import {pidFile, removePidFile, unmountRootfs} from './bundle.ts';
import {type CriuOptions, takeCheckpoint} from './checkpoint.ts';
import type {ContainerEvents} from './events.ts';
import {hasOwnPidNamespace} from './oci-spec.ts';
import {ContainerProcess, type ProcessExit} from './process/container-process.ts';
import {ExitOrder} from './process/exit-order.ts';
import {writeProcessFile} from './process/process-file.ts';
import {openStdio, type ProcessIo, type StdioOwner, type StdioUris} from './process/stdio.ts';

const SIGKILL = 9;

export interface ContainerOptions {
  id: string;
  bundle: string;
  runtime: RuncRuntime;
  events: ContainerEvents;
  stdio: Omit<StdioOwner, 'startsLater'>;
  log: Logger;
  criu: CriuOptions;
  noPivot: boolean;
  noNewKeyring: boolean;
  /** Set when the container is made from a checkpoint: its first process appears at `start`. */
  restore: RestoreSource | undefined;
}

export interface RestoreSource extends CheckpointOptions {
  imagePath: string;
}

export interface DeletedProcess {
  pid: number;
  exit: ProcessExit | undefined;
}

export class Container {
  readonly id: string;
  readonly bundle: string;
  readonly init: ContainerProcess;
  readonly execs: Map<string, ContainerProcess> = new Map();
  readonly #options: ContainerOptions;
  readonly #processes: Map<ContainerProcess, unknown> = new Map();
  readonly #exits: ExitOrder;
  /** Held across a change of the first process's state, never across a wait for the container itself. */
  readonly #lock = new Mutex();

  constructor(options: ContainerOptions, uris: StdioUris) {
    this.id = options.id;
    this.bundle = options.bundle;
    this.#options = options;
    this.init = new ContainerProcess(options.id, '', uris);
    this.#exits = new ExitOrder(this.init, {
      exited: (process, exit) => this.#tellExit(process, exit),
      initEnded: () => this.#killLeftovers(),
    });
  }

  get runtime(): RuncRuntime {
    return this.#options.runtime;
  }

  /** Where the runtime has put the container; undefined before it is made and after it is deleted. */
  cgroup(): Cgroup | undefined {
    if (this.init.pid === 0 || this.init.state.status === 'deleted') return undefined;
    return cgroupFromDirectories(this.runtime.load(this.id).cgroupPaths);
  }

  /** The first process, or the exec'd one. Throws not-found. */
  process(execId: string): ContainerProcess {
    const process = execId === '' ? this.init : this.execs.get(execId);
    if (!process) throw new EngineError('not-found', `process does not exist ${execId}: not found`);
    return process;
  }

  /** Makes the first process, which then waits. With a checkpoint to restore there is nothing to make yet. */
  async create(ctx: CallContext): Promise<void> {
    if (this.#options.restore) return;
    const {noPivot, noNewKeyring} = this.#options;
    const {id, bundle} = this;
    try {
      await this.#launch(this.init, 'create', io =>
        withSpan(ctx, 'runc create', () =>
          this.runtime.create({id, bundle, pidFile: pidFile(bundle), noPivot, noNewKeyring, ...io}),
        ),
      );
    } catch (error) {
      // The runtime cleans up after its own failures; this is for ours after it has succeeded.
      if (this.init.pid !== 0) await this.runtime.delete(id, {force: true});
      throw error;
    }
  }

  async start(ctx: CallContext, execId: string): Promise<number> {
    const process = this.process(execId);
    if (process === this.init) await this.#lock.run(() => this.#startInit(ctx));
    else await this.#startExec(ctx, process);
    return process.pid;
  }

  async #startInit(ctx: CallContext): Promise<void> {
    this.init.check('start');
    await this.#holdingExit(this.init, async () => {
      if (this.#options.restore) await this.#restore(this.#options.restore);
      else await withSpan(ctx, 'runc start', () => ociError('start', this.runtime.start(this.id)));
      this.init.moveTo('running');
      this.#options.events.started(this.init);
      this.#watchMemory();
    });
  }

  /** Reports when the container runs out of memory, for as long as its first process lives. */
  #watchMemory(): void {
    try {
      const cgroup = this.cgroup();
      let isTold = false;
      const tell = () => {
        isTold = true;
        this.#options.events.outOfMemory();
      };
      const watch = cgroup?.watchOom(tell);
      const finish = () => {
        watch?.[Symbol.dispose]();
        // The exit may overtake the word about the want of memory that caused it.
        if (!isTold && (cgroup?.oomKills() ?? 0n) > 0n) tell();
      };
      void this.init.exited.finally(finish).catch(() => {});
    } catch (error) {
      // It may have ended by now, or there is no memory controller: then there is nothing to report.
      if (!isErrno(error, 'ENOENT', 'ENODEV') && !isErrorCode(error, 'not-found', 'unimplemented')) throw error;
    }
  }

  async #restore(source: RestoreSource): Promise<void> {
    const {id, bundle} = this;
    const {noPivot, noNewKeyring} = this.#options;
    await this.#launch(this.init, 'restore', io =>
      this.runtime.restore({...source, id, bundle, pidFile: pidFile(bundle), noPivot, noNewKeyring, ...io}),
    );
  }

  /** Registers a process; `start` runs it. `spec` is the JSON of an OCI Process. */
  addExec(execId: string, uris: StdioUris, spec: Uint8Array): void {
    if (this.execs.has(execId)) throw new EngineError('already-exists', `id ${execId}: already exists`);
    this.init.check('exec');
    const process = new ContainerProcess(this.id, execId, uris);
    this.#processes.set(process, spec);
    this.execs.set(execId, process);
    this.#options.events.execAdded(process);
  }

  async #startExec(ctx: CallContext, process: ContainerProcess): Promise<void> {
    process.check('start');
    if (this.#exits.initHasEnded || this.init.state.status === 'stopped') {
      throw new EngineError(
        'failed-precondition',
        `container ${this.id} init process is not running: failed precondition`,
      );
    }
    this.init.check('exec');
    await this.#holdingExit(process, async () => {
      using file = writeProcessFile(this.#processes.get(process) as Uint8Array);
      await this.#launch(process, 'exec', io =>
        withSpan(ctx, 'runc exec', () =>
          this.runtime.exec({
            id: this.id,
            processFile: file.path,
            pidFile: pidFile(this.bundle, process.execId),
            ...io,
          }),
        ),
      );
      process.moveTo('running');
      this.#options.events.started(process);
    });
  }

  async #holdingExit(process: ContainerProcess, start: () => Promise<void>): Promise<void> {
    const release = this.#exits.holdStart(process);
    let running = false;
    try {
      await start();
      running = true;
    } finally {
      release(running);
    }
  }

  /** Opens the process's stdio, has the runtime make the process, and takes over as its reaper. */
  async #launch(
    process: ContainerProcess,
    verb: string,
    make: (io: {fds: ContainerStdio; consoleSocket?: string}) => Promise<{pid: number}>,
  ): Promise<void> {
    const {reaper} = this.#options.stdio;
    const io = await openStdio(process.uris, {...this.#options.stdio, startsLater: verb === 'create'});
    try {
      using _unclaimed = reaper.hold();
      const {pid} = await ociError(verb, make(runtimeStdio(io)));
      process.pid = pid;
      reaper.watch(pid, exit => this.#exits.report(process, exit));
      await io.attach();
      process.io = io;
    } catch (error) {
      io.close();
      throw error;
    }
  }

  /** Signals the first process or, with `all`, every process of the container; or an exec'd one. Not-found if gone. */
  async kill(execId: string, signal: number, all: boolean): Promise<void> {
    const process = this.process(execId);
    process.check('kill');
    try {
      if (process === this.init) await this.runtime.kill(this.id, signal, {all});
      else if (process.pid === 0) throw new EngineError('failed-precondition', 'process not created');
      else if (process.state.status === 'stopped')
        throw new EngineError('not-found', 'process already finished: not found');
      else kill(process.pid, signal);
    } catch (error) {
      throw killError(error);
    }
  }

  async pause(): Promise<void> {
    await this.#lock.run(async () => {
      this.init.check('pause');
      await ociError('pause', this.runtime.pause(this.id));
      this.init.moveTo('paused');
    });
    this.#options.events.paused();
  }

  async resume(): Promise<void> {
    await this.#lock.run(async () => {
      this.init.check('resume');
      await ociError('resume', this.runtime.resume(this.id));
      this.init.moveTo('running');
    });
    this.#options.events.resumed();
  }

  async update(resources: Resources): Promise<void> {
    await this.#lock.run(async () => {
      this.init.check('update');
      await ociError('update', this.runtime.update(this.id, resources));
    });
  }

  async checkpoint(options: CheckpointOptions): Promise<void> {
    await this.#lock.run(async () => {
      this.init.check('checkpoint');
      const {criu} = this.#options;
      await takeCheckpoint({runtime: this.runtime, id: this.id, bundle: this.bundle, options, criu});
    });
    this.#options.events.checkpointed(options.imagePath);
  }

  async delete(ctx: CallContext, execId: string): Promise<DeletedProcess> {
    const process = this.process(execId);
    process.check('delete');
    return process === this.init ? this.#lock.run(() => this.#deleteInit(ctx)) : this.#deleteExec(process);
  }

  async #deleteInit(ctx: CallContext): Promise<DeletedProcess> {
    this.init.check('delete');
    await withSpan(ctx, 'drain output', () => this.#drain(this.init));
    const created = this.init.state.status === 'created' && this.init.pid !== 0;
    try {
      await withSpan(ctx, 'runc delete', () => this.runtime.delete(this.id));
    } catch (error) {
      if (!isErrorCode(error, 'not-found'))
        throw new EngineError('unknown', `failed to delete task: ${messageOf(error)}`);
    }
    // A container that never started was killed by its deletion: that exit is told first.
    if (created) await this.init.exited;
    for (const exec of this.execs.values()) exec.closeIo();
    this.init.closeIo();
    unmountRootfs(this.bundle);
    const exit = this.init.markDeleted();
    this.#options.events.deleted(this.init, exit);
    return {pid: this.init.pid, exit};
  }

  async #deleteExec(process: ContainerProcess): Promise<DeletedProcess> {
    await this.#drain(process);
    process.closeIo();
    removePidFile(pidFile(this.bundle, process.execId));
    this.#processes.delete(process);
    this.execs.delete(process.execId);
    return {pid: process.pid, exit: process.markDeleted()};
  }

  async #drain(process: ContainerProcess): Promise<void> {
    if (await process.drain()) return;
    this.#options.log.warn({container: this.id, process: process.id}, 'output was not read in time and is dropped');
  }

  #tellExit(process: ContainerProcess, exit: ProcessExit): void {
    process.markExited(exit);
    this.#options.events.exited(process, exit);
  }

  /** Without a pid namespace of its own, nothing ends the other processes when the first one does. */
  async #killLeftovers(): Promise<void> {
    try {
      if (hasOwnPidNamespace(readFileSync(join(this.bundle, 'config.json'), 'utf8'))) return;
      await this.runtime.kill(this.id, SIGKILL, {all: true});
    } catch (error) {
      if (isErrorCode(error, 'not-found', 'failed-precondition')) return; // nothing left to kill
      this.#options.log.error({error, container: this.id}, 'cannot kill what the container left running');
    }
  }
}

function runtimeStdio(io: ProcessIo): {fds: ContainerStdio; consoleSocket?: string} {
  const [stdin = -1, stdout = -1, stderr = -1] = io.childFds;
  const fds = {stdin, stdout, stderr};
  return io.consoleSocket === undefined ? {fds} : {fds, consoleSocket: io.consoleSocket};
}

/** The runtime's words, as containerd's shim passes them on: without a class. */
async function ociError<T>(verb: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw new EngineError('unknown', `OCI runtime ${verb} failed: ${messageOf(error)}`, {cause: error});
  }
}

function killError(error: unknown): EngineError {
  const text = messageOf(error);
  if (error instanceof EngineError && text.endsWith(': not found')) return error;
  if (isErrorCode(error, 'failed-precondition') || text.includes('ESRCH')) {
    return new EngineError('not-found', 'process already finished: not found', {cause: error});
  }
  if (isErrorCode(error, 'not-found')) {
    return new EngineError('not-found', 'no such container: not found', {cause: error});
  }
  return new EngineError('unknown', `unknown error after kill: ${text}`, {cause: error});
}
