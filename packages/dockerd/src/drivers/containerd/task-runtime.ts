/** Containers and tasks of containerd, as the containers of the engine need them. */
import {CheckpointOptions, Options} from '@longshore/api/gen/containerd/types/runc/options/oci';
import {Status} from '@longshore/api/gen/containerd/types/task/task';
import type {LinuxResources, Process, Spec} from '@longshore/api/oci';
import {jsonTypeUrl, protobufTypeUrl} from '@longshore/api/type-urls';
import {type CallContext, withTimeout} from '@longshore/base';
import {type Any, type ContainerdClient, nanosOf, packAny, packJson, unpackJson} from '@longshore/containerd-client';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import type {ExecRequest, ProcessExit, TaskRequest, TaskRuntime, TaskStatus} from '../../core/ports/task-runtime.ts';
import type {Owner} from '../../core/users/remapping.ts';

/** How containerd runs the containers of one configured runtime. */
export interface RuntimeChoice {
  /** containerd's name of the shim (`io.containerd.runc.v2`), or the path of one. */
  shim: string;
  /** Executable that the shim calls; empty for its default. Only for runc's shim. */
  binary: string;
  /** Its state directory instead of the usual one; only for runc's shim. */
  root?: string;
}

export interface TaskRuntimeOptions {
  client: ContainerdClient;
  /** The configured runtimes by their names. */
  runtimes: ReadonlyMap<string, RuntimeChoice>;
  /** State directory of the OCI runtime; containerd's shim appends the namespace. */
  runtimeRoot: string;
  systemdCgroup: boolean;
  /** Of the pipes that a shim makes: the root of remapped containers. */
  owner: Owner | undefined;
}

const runcShim = 'io.containerd.runc.v2';
const sigkill = 9;
/** The shim lets the pipes run dry for up to 10 s; a containerd that hangs is replaced within that time, too. */
const destroyTimeoutMs = 30_000;

export function openTaskRuntime(options: TaskRuntimeOptions): TaskRuntime {
  return new ContainerdTasks(options);
}

class ContainerdTasks implements TaskRuntime {
  readonly #client: ContainerdClient;
  readonly #options: TaskRuntimeOptions;

  constructor(options: TaskRuntimeOptions) {
    this.#client = options.client;
    this.#options = options;
  }

  async create(ctx: CallContext, {id, spec, runtime, image, stdio, checkpoint}: TaskRequest): Promise<number> {
    const choice = this.#options.runtimes.get(runtime) ?? {shim: runtime, binary: ''};
    const options = this.#shimOptions(choice);
    const container = {
      ...{id, image, spec: {typeUrl: jsonTypeUrl.spec, value: Buffer.from(spec)}},
      runtime: {name: choice.shim, ...(options ? {options} : {})},
    };
    await this.#createRecord(ctx, container);
    try {
      const {pid} = await this.#client.tasks.create(ctx, {
        ...{containerId: id, ...stdio},
        ...(checkpoint === '' ? {} : {options: this.#shimOptions(choice, checkpoint)}),
      });
      return pid;
    } catch (error) {
      await this.#undoCreate(id, ctx, error);
      throw error;
    }
  }

  /** Of a call that was cut off nobody knows how far it came: the shim may make the process all the same. */
  async #undoCreate(id: string, ctx: CallContext, error: unknown): Promise<void> {
    if (!isErrorCode(error, 'unavailable')) return await this.#removeRecord(id, ctx);
    const own = {...ctx, signal: new AbortController().signal};
    await this.destroy(own, id).catch(failure => ctx.log.warn({container: id, error: failure}, 'cannot undo a start'));
  }

  /** A record that a killed daemon left is in the way of the next start: it is of no use to anybody. */
  async #createRecord(
    ctx: CallContext,
    container: {id: string; image: string; spec: Any; runtime: {name: string; options?: Any}},
  ) {
    try {
      await this.#client.containers.create(ctx, {container});
    } catch (error) {
      if (!isErrorCode(error, 'already-exists')) throw error;
      await this.destroy(ctx, container.id);
      await this.#client.containers.create(ctx, {container});
    }
  }

  #shimOptions({shim, binary, root: ownRoot}: RuntimeChoice, criuImagePath = ''): Any | undefined {
    if (shim !== runcShim) return undefined;
    const {runtimeRoot, systemdCgroup, owner} = this.#options;
    const {uid: ioUid, gid: ioGid} = owner ?? {uid: 0, gid: 0};
    const root = ownRoot || runtimeRoot;
    return packAny(
      protobufTypeUrl.runcOptions,
      Options,
      Options.fromPartial({binaryName: binary, root, systemdCgroup, criuImagePath, ioUid, ioGid}),
    );
  }

  async start(ctx: CallContext, id: string): Promise<number> {
    return await this.#start(ctx, id, '');
  }

  /** A containerd that died meanwhile may have passed it on: the next one knows. */
  async #start(ctx: CallContext, id: string, execId: string): Promise<number> {
    try {
      return (await this.#client.tasks.start(ctx, {containerId: id, execId})).pid;
    } catch (error) {
      if (!isErrorCode(error, 'unavailable')) throw error;
      const found = await this.status(ctx, id, execId).catch(() => undefined);
      if (found?.status !== 'running' && found?.status !== 'stopped') throw error;
      return found.pid;
    }
  }

  async delete(ctx: CallContext, id: string): Promise<ProcessExit | undefined> {
    const exit = await ignoreMissing(this.#client.tasks.delete(ctx, {containerId: id}));
    await this.#removeRecord(id, ctx);
    return exit && toExit(exit);
  }

  async destroy(parent: CallContext, id: string): Promise<ProcessExit | undefined> {
    const ctx = withTimeout(parent, destroyTimeoutMs);
    await ignoreMissing(this.#client.tasks.kill(ctx, {containerId: id, signal: sigkill, all: true}).catch(ignoreEnded));
    await ignoreMissing(this.#client.tasks.wait(ctx, {containerId: id}));
    return await this.delete(ctx, id);
  }

  async #removeRecord(id: string, ctx: CallContext): Promise<void> {
    // Not cut short with the request whose failure it cleans up after.
    const own = {...ctx, signal: new AbortController().signal};
    await ignoreMissing(this.#client.containers.delete(own, {id}, {timeoutMs: 10_000}));
  }

  async status(ctx: CallContext, id: string, execId = ''): Promise<TaskStatus> {
    const answer = await ignoreMissing(this.#client.tasks.get(ctx, {containerId: id, execId}));
    const task = answer?.process;
    if (!task) return {status: 'gone'};
    const {pid} = task;
    if (task.status === Status.CREATED) return {status: 'created', pid};
    if (task.status === Status.PAUSED || task.status === Status.PAUSING) return {status: 'paused', pid};
    if (task.status === Status.STOPPED) return {status: 'stopped', pid, ...toExit(task)};
    return {status: 'running', pid};
  }

  async kill(ctx: CallContext, id: string, signal: number, execId = ''): Promise<void> {
    await this.#client.tasks.kill(ctx, {containerId: id, execId, signal});
  }

  async pause(ctx: CallContext, id: string): Promise<void> {
    await this.#client.tasks.pause(ctx, {containerId: id});
  }

  async resume(ctx: CallContext, id: string): Promise<void> {
    await this.#client.tasks.resume(ctx, {containerId: id});
  }

  async resize(ctx: CallContext, id: string, size: {height: number; width: number}, execId = ''): Promise<void> {
    await this.#client.tasks.resizePty(ctx, {containerId: id, execId, ...size});
  }

  async closeStdin(ctx: CallContext, id: string, execId = ''): Promise<void> {
    await this.#client.tasks.closeIO(ctx, {containerId: id, execId, stdin: true});
  }

  async checkpoint(ctx: CallContext, id: string, path: string, exit: boolean): Promise<void> {
    const wanted = CheckpointOptions.fromPartial({exit, imagePath: path, openTcp: true, externalUnixSockets: true});
    const options = packAny(protobufTypeUrl.runcCheckpointOptions, CheckpointOptions, wanted);
    await this.#client.tasks.checkpoint(ctx, {containerId: id, parentCheckpoint: '', options});
  }

  async update(ctx: CallContext, id: string, resources: LinuxResources): Promise<void> {
    await this.#client.tasks.update(ctx, {containerId: id, resources: packJson(jsonTypeUrl.linuxResources, resources)});
  }

  async pids(ctx: CallContext, id: string): Promise<number[]> {
    const {processes} = await this.#client.tasks.listPids(ctx, {containerId: id});
    return processes.map(({pid}) => pid);
  }

  async configuredProcess(ctx: CallContext, id: string): Promise<Process> {
    const {container} = await this.#client.containers.get(ctx, {id});
    const process = container?.spec && (unpackJson(container.spec) as Spec).process;
    if (!process) throw new EngineError('internal', `containerd has no process configuration of container ${id}`);
    return process;
  }

  async createExec(ctx: CallContext, id: string, {execId, process, stdio}: ExecRequest): Promise<void> {
    const spec = packJson(jsonTypeUrl.process, process);
    await this.#client.tasks.exec(ctx, {containerId: id, execId, spec, ...stdio});
  }

  async startExec(ctx: CallContext, id: string, execId: string): Promise<number> {
    return await this.#start(ctx, id, execId);
  }

  async deleteExec(ctx: CallContext, id: string, execId: string): Promise<ProcessExit | undefined> {
    const exit = await ignoreMissing(this.#client.tasks.deleteProcess(ctx, {containerId: id, execId}));
    return exit && toExit(exit);
  }

  async list(ctx: CallContext): Promise<string[]> {
    const {containers} = await this.#client.containers.list(ctx, {});
    return containers.map(({id}) => id);
  }
}

function toExit({
  exitStatus,
  exitedAt,
}: {
  exitStatus: number;
  exitedAt: {seconds: bigint; nanos: number} | undefined;
}): ProcessExit {
  return {exitCode: exitStatus, exitedAt: exitedAt ? nanosOf(exitedAt) : BigInt(Date.now()) * 1_000_000n};
}

async function ignoreMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isErrorCode(error, 'not-found')) return undefined;
    throw error;
  }
}

/** A task that has ended cannot be killed, which is what was wanted. */
function ignoreEnded(error: unknown): undefined {
  if (isErrorCode(error, 'failed-precondition', 'unknown')) return undefined;
  throw error;
}
