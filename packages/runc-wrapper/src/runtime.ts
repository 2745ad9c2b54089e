import {readFileSync, rmSync} from 'node:fs';
import {basename} from 'node:path';
import {EngineError, type ErrorCode, isErrorCode} from '@longshore/errdefs';
import {checkBundleArguments, checkProcessArguments} from './argument-limits.ts';
import {
  checkpointArguments,
  createArguments,
  criuArguments,
  execArguments,
  globalArguments,
  restoreArguments,
} from './arguments.ts';
import {processesOf} from './cgroups/container-cgroup.ts';
import {deleteContainer} from './lifecycle/delete.ts';
import {runHooks} from './lifecycle/hooks.ts';
import {killContainer} from './lifecycle/kill.ts';
import {pauseContainer, resumeContainer} from './lifecycle/pause.ts';
import {startContainer} from './lifecycle/start.ts';
import {type PidfdKind, sendPidfd} from './pidfd-socket.ts';
import {lastErrorInLog, logOffset} from './runtime-log.ts';
import type {
  CheckpointOptions,
  ContainerState,
  ContainerStdio,
  CreateOptions,
  DeleteOptions,
  ExecOptions,
  KillOptions,
  Resources,
  RestoreOptions,
  RuncRuntimeOptions,
} from './runtime-options.ts';
import {type SpawnRuntime, spawnAndWait} from './spawn.ts';
import {loadContainer, loadContainers} from './state/load.ts';
import type {ContainerRecord} from './state/record.ts';
import {ownerOf, stateOf} from './state/view.ts';

/**
 * An OCI runtime and the containers under its root. What needs a fork in a fresh process (create, exec, checkpoint,
 * restore) runs the runtime's executable; the rest is done here on the runtime's own files, cgroups and
 * exec.fifo. Failures are EngineErrors whose message is the runtime's text, also where no runtime was run.
 */
export class RuncRuntime {
  readonly #options: RuncRuntimeOptions;
  readonly #spawn: SpawnRuntime;
  #runs = 0;

  constructor(options: RuncRuntimeOptions) {
    this.#options = options;
    this.#spawn = options.spawn ?? spawnAndWait;
  }

  /**
   * Makes a container whose first process waits on exec.fifo; resolves to its pid. The process is a child of the
   * nearest subreaper once the runtime has ended. A failed create leaves nothing.
   */
  async create(options: CreateOptions): Promise<{pid: number}> {
    checkBundleArguments(options.bundle);
    await this.#run(createArguments(options), options.fds, options);
    return this.#started(options);
  }

  /** Lets the user's program run. See `startContainer` for its errors. */
  async start(id: string, signal?: AbortSignal): Promise<void> {
    const record = this.load(id);
    await startContainer(record, signal);
    await runHooks(record.poststartHooks, record, 'running', this.#spawn);
  }

  /** Runs one more process in a created or running container; resolves to its pid. */
  async exec(options: ExecOptions): Promise<{pid: number}> {
    checkProcessArguments(options.processFile);
    // A log of its own: execs run side by side, and the errors in a shared file have no name on them.
    const {log} = this.#options;
    const ownLog = log === undefined ? undefined : `${log}.exec-${process.pid}-${++this.#runs}`;
    try {
      await this.#run(execArguments(options), options.fds, {}, ownLog);
    } finally {
      if (ownLog !== undefined) rmSync(ownLog, {force: true});
    }
    return this.#started(options, 'setns');
  }

  /** Throws not-found (`container does not exist`). */
  async state(id: string): Promise<ContainerState> {
    return stateOf(this.load(id));
  }

  /** All containers of the root with their owners, by id. `onError` hears of those that cannot be read. */
  async list(onError: (id: string, error: unknown) => void = () => {}): Promise<ContainerState[]> {
    const states: ContainerState[] = [];
    for (const record of loadContainers(this.#options.root, onError)) {
      try {
        states.push({...stateOf(record), owner: ownerOf(record)});
      } catch (error) {
        onError(record.id, error); // deleted while we looked
      }
    }
    return states;
  }

  /** Signals the first process; failed-precondition (`container not running`) when that is gone. 0 only probes. */
  async kill(id: string, signal: number, options: KillOptions = {}): Promise<void> {
    await killContainer(this.load(id), signal, options.all === true);
  }

  /** See `deleteContainer`. With `onCleanupError` what could not be cleaned up is told there and is no failure. */
  async delete(id: string, options: DeleteOptions = {}): Promise<void> {
    if (this.#isOfSystemd(id)) {
      await this.#run(['delete', ...(options.force ? ['--force'] : []), id], nullStdio);
      return;
    }
    await deleteContainer(this.#options.root, id, {...options, spawn: this.#spawn});
  }

  /** Pids of the container's cgroup, ascending. */
  async ps(id: string): Promise<number[]> {
    return processesOf(this.load(id));
  }

  async pause(id: string, signal?: AbortSignal): Promise<void> {
    await pauseContainer(this.load(id), signal);
  }

  async resume(id: string): Promise<void> {
    await resumeContainer(this.load(id));
  }

  /** Changes limits; what is absent stays as it is. See `updateContainer`; systemd's cgroups are the runtime's to change. */
  async update(id: string, resources: Resources): Promise<void> {
    const record = this.load(id);
    if (record.systemdCgroup) await this.#updateByRuntime(id, resources);
    else (await import('./update/update.ts')).updateContainer(record, resources);
  }

  async #updateByRuntime(id: string, resources: Resources): Promise<void> {
    const {memfd, closeFd, writeFd} = await import('@longshore/linux');
    const file = memfd('resources');
    try {
      // The runtime reads it by its name in /proc, from the start, whatever the offset is here.
      writeFd(file, Buffer.from(JSON.stringify(resources)));
      const fds = {stdin: -1, stdout: -1, stderr: -1, extra: [file]};
      await this.#run(['update', '--resources', '/proc/self/fd/3', id], fds);
    } finally {
      closeFd(file);
    }
  }

  async checkpoint(id: string, options: CheckpointOptions): Promise<void> {
    await this.#run(checkpointArguments(id, options), nullStdio, options);
  }

  async restore(options: RestoreOptions): Promise<{pid: number}> {
    await this.#run(restoreArguments(options), options.fds, options);
    return this.#started(options);
  }

  /** What is on disk about the container: its cgroup directories, its first process, its bundle. Throws not-found. */
  load(id: string): ContainerRecord {
    return loadContainer(this.#options.root, id);
  }

  /** Such a cgroup is a unit of systemd's, which the runtime stops and resets over D-Bus. */
  #isOfSystemd(id: string): boolean {
    try {
      return this.load(id).systemdCgroup;
    } catch (error) {
      if (isErrorCode(error, 'not-found')) return false;
      throw error;
    }
  }

  #started(options: {pidFile: string; pidfdSocket?: string}, kind: PidfdKind = 'standard'): {pid: number} {
    const pid = Number(readFileSync(options.pidFile, 'utf8'));
    if (options.pidfdSocket !== undefined) sendPidfd(options.pidfdSocket, pid, kind);
    return {pid};
  }

  async #run(
    args: string[],
    stdio: ContainerStdio,
    options: {bundle?: string; criuPath?: string} = {},
    log = this.#options.log,
  ): Promise<void> {
    const {env = process.env} = this.#options;
    const binary = typeof this.#options.binary === 'string' ? this.#options.binary : this.#options.binary();
    const offset = log === undefined ? 0 : logOffset(log);
    const {exitStatus} = await this.#spawn({
      path: binary,
      argv: [basename(binary), ...globalArguments(this.#options, log), ...criuArguments(options), ...args],
      env,
      fds: [stdio.stdin, stdio.stdout, stdio.stderr, ...(stdio.extra ?? [])],
      ...(options.bundle === undefined ? {} : {cwd: options.bundle}),
    });
    if (exitStatus === 0) return;
    const text = log === undefined ? undefined : lastErrorInLog(log, offset);
    throw runtimeError(text ?? `${binary} ${args[0]} failed with exit status ${exitStatus}`);
  }
}

const nullStdio: ContainerStdio = {stdin: -1, stdout: -1, stderr: -1};

const codes: Array<[RegExp, ErrorCode]> = [
  [/container does not exist|does not exist$/, 'not-found'],
  [/container with given ID already exists|already exists$/, 'already-exists'],
  [/not running|not paused|already running|has stopped|stopped container|paused container/, 'failed-precondition'],
  [/no such file or directory|executable file not found/, 'not-found'],
  [/permission denied/, 'permission-denied'],
];

/** A runtime tells what went wrong in words only. */
function runtimeError(text: string): EngineError {
  const code = codes.find(([pattern]) => pattern.test(text))?.[1] ?? 'internal';
  return new EngineError(code, shortened(text.trimEnd()));
}

/** Names from a hostile configuration can be megabytes; the reason is at the end. */
function shortened(text: string): string {
  return text.length <= 16_384 ? text : `${text.slice(0, 4096)} … ${text.slice(-4096)}`;
}
