/** startEngine(): a whole engine of real processes, isolated in namespaces, directories and cgroups of its own. */
import {rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type ContainerdClient, openClient} from '@longshore/containerd-client';
import type {Options} from 'execa';
import {loadBusyboxImage} from './busybox-image.ts';
import {type ClientResult, clientEnv, daemonEnv, runClient} from './client.ts';
import {containerdDaemon} from './containerd.ts';
import {DaemonHandle, pidFromFile} from './daemon-handle.ts';
import {EngineApi} from './engine-api.ts';
import {type EnginePaths, makeEnginePaths} from './engine-paths.ts';
import {type Executables, resolveExecutables} from './executables.ts';
import {findLeaks, removeCgroups} from './leak-check.ts';
import {poll} from './poll.ts';
import {ProcessHandle} from './process-handle.ts';
import {descendants} from './process-tree.ts';
import {Sandbox} from './sandbox.ts';
import type {Survey} from './sandbox-protocol.ts';

export interface EngineOptions {
  /** Executables to use instead of Longshore's own, role by role: originals as peers. */
  executables?: Partial<Executables>;
  /** Who starts containerd: dockerd (the default), or the harness, with `dockerd --containerd`. */
  containerd?: 'managed' | 'separate';
  /** Further arguments of dockerd. */
  dockerdArgs?: string[];
  /** Contents of daemon.json. */
  config?: Record<string, unknown>;
  /** Loads the image `busybox:latest`, made from busybox-static; true by default. */
  busybox?: boolean;
  /** False leaves out the check for leftovers when the engine is disposed; true by default. */
  leakCheck?: boolean;
}

/**
 * Starts an engine; needs root. `await using engine = await startEngine()` stops it at the end of the block, removes
 * all that it made and throws when the engine itself left something behind.
 */
export async function startEngine(options: EngineOptions = {}): Promise<Engine> {
  const executables = resolveExecutables(options.executables);
  const paths = makeEnginePaths();
  const sandbox = await Sandbox.start().catch(error => {
    rmSync(paths.root, {recursive: true, force: true});
    throw error;
  });
  const engine = new Engine(sandbox, paths, executables, options, await sandbox.survey());
  try {
    await engine.start();
    return engine;
  } catch (error) {
    await engine.discard();
    throw error;
  }
}

export class Engine implements AsyncDisposable {
  readonly paths: EnginePaths;
  readonly executables: Executables;
  readonly sandbox: Sandbox;
  readonly dockerd: DaemonHandle;
  /** Only when the harness starts it (`containerd: 'separate'`); else see `containerdPid`. */
  readonly containerd: DaemonHandle | undefined;
  readonly api: EngineApi;
  readonly #options: EngineOptions;
  readonly #before: Survey;

  constructor(sandbox: Sandbox, paths: EnginePaths, executables: Executables, options: EngineOptions, before: Survey) {
    this.sandbox = sandbox;
    this.paths = paths;
    this.executables = executables;
    this.#options = options;
    this.#before = before;
    this.api = new EngineApi(paths.dockerSocket);
    this.containerd = options.containerd === 'separate' ? containerdDaemon(sandbox, paths, executables) : undefined;
    this.dockerd = this.#dockerdHandle();
    writeFileSync(paths.configFile, JSON.stringify(options.config ?? {}));
  }

  async start(): Promise<void> {
    await this.containerd?.start();
    await this.dockerd.start();
    if (this.#options.busybox !== false) await loadBusyboxImage(this.api);
  }

  /** Pid of the containerd that this engine uses, whoever started it. Waits for one that is being restarted. */
  async containerdPid(): Promise<number> {
    if (this.containerd) return this.containerd.pid;
    const file = join(this.paths.execRoot, 'containerd/containerd.pid');
    return await poll(() => pidFromFile(file), {what: `a live process in ${file}`});
  }

  /** containerd, whoever started it; after a kill dockerd starts another, which is another handle. */
  async containerdProcess(): Promise<ProcessHandle> {
    return new ProcessHandle(this.sandbox, await this.containerdPid());
  }

  /** The shim of a container, by its full id. Throws when there is none. */
  shimProcess(id: string): ProcessHandle {
    const isShim = (command: string) => command.includes('containerd-shim-runc-v2') && command.includes(id);
    const shim = descendants(this.sandbox.pid).find(p => isShim(p.command));
    if (!shim) throw new Error(`no shim of container ${id}`);
    return new ProcessHandle(this.sandbox, shim.pid);
  }

  /** Runs our `docker` (or the one given in `executables`) against this engine, inside its namespaces. */
  docker(...args: string[]): Promise<ClientResult> {
    return this.run([this.executables.docker, '-H', `unix://${this.paths.dockerSocket}`, ...args]);
  }

  /** Like docker(), and throws when the exit code is not 0; returns standard output without the last line break. */
  async dockerOk(...args: string[]): Promise<string> {
    const result = await this.docker(...args);
    if (result.exitCode !== 0) {
      throw new Error(`docker ${args.join(' ')}: exit code ${result.exitCode}\n${result.stderr}\n${result.stdout}`);
    }
    return result.stdout;
  }

  /** Runs `ctr` on this engine's containerd, in dockerd's namespace `moby`. */
  ctr(...args: string[]): Promise<ClientResult> {
    return this.run([this.executables.ctr, '--address', this.paths.containerdSocket, '--namespace', 'moby', ...args]);
  }

  /** Runs any program inside the engine's mount and network namespaces. */
  run(argv: string[], options: Options = {}): Promise<ClientResult> {
    return runClient(this.sandbox, argv, {env: this.clientEnv(), ...options});
  }

  /** A typed client of this engine's containerd; close it with `using`. */
  openContainerd(): ContainerdClient {
    return openClient({address: this.paths.containerdSocket});
  }

  clientEnv(): Record<string, string> {
    return clientEnv(this.paths);
  }

  /** Removes every container, stops the daemons, and lists what they left behind. */
  async stopAndFindLeaks(): Promise<string[]> {
    if (!this.dockerd.running) await this.dockerd.start();
    for (const {Id} of await this.api.get<{Id: string}[]>('/containers/json?all=1')) {
      await this.api.delete(`/containers/${Id}?force=1&v=1`);
    }
    await this.dockerd.stop();
    await this.containerd?.stop();
    const clean = async () => {
      const leaks = findLeaks(this.#before, await this.sandbox.survey(), this.paths);
      return leaks.length === 0 ? {leaks} : undefined;
    };
    // A shim needs a moment to end after its container was deleted, the kernel one for the links of a network namespace.
    const settled = await poll(clean, {timeout: 10_000}).catch(() => undefined);
    return settled?.leaks ?? findLeaks(this.#before, await this.sandbox.survey(), this.paths);
  }

  /** Ends everything at once and removes all directories and cgroups: no questions asked. */
  async discard(): Promise<void> {
    await this.sandbox[Symbol.asyncDispose]();
    removeCgroups(this.paths.cgroupParent);
    rmSync(this.paths.root, {recursive: true, force: true});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (this.#options.leakCheck === false) return;
      const leaks = await this.stopAndFindLeaks();
      if (leaks.length > 0)
        throw new Error(`the engine left behind:\n${leaks.join('\n')}\n${this.dockerd.logTail(10)}`);
    } finally {
      await this.discard();
    }
  }

  #dockerdHandle(): DaemonHandle {
    const {dockerSocket: socket, paths} = {dockerSocket: this.paths.dockerSocket, paths: this.paths};
    const argv = [this.executables.dockerd, '-H', `unix://${socket}`, '--data-root', paths.dataRoot];
    argv.push('--exec-root', paths.execRoot, '--pidfile', paths.pidFile, '--config-file', paths.configFile);
    argv.push('--cgroup-parent', paths.cgroupParent, ...(this.#options.dockerdArgs ?? []));
    if (this.containerd) argv.push('--containerd', paths.containerdSocket);
    const isReady = async () => (await this.api.send('/_ping')).status === 200;
    const ready = () => isReady().catch(() => false);
    return new DaemonHandle(this.sandbox, {
      ...{name: 'dockerd', argv, env: daemonEnv(this.paths, this.executables), socket, isReady: ready},
      log: join(paths.logs, 'dockerd.log'),
    });
  }
}
