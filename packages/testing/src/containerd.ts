/** A containerd alone in a sandbox, as `ctr` users have it. */
import {rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type ClientResult, clientEnv, daemonEnv, runClient} from './client.ts';
import {DaemonHandle} from './daemon-handle.ts';
import {type EnginePaths, makeEnginePaths} from './engine-paths.ts';
import {type Executables, resolveExecutables} from './executables.ts';
import {findLeaks, removeCgroups} from './leak-check.ts';
import {poll} from './poll.ts';
import {Sandbox} from './sandbox.ts';
import type {Survey} from './sandbox-protocol.ts';

/** The handle of a containerd that the harness starts, with the configuration that dockerd would give it. */
export function containerdDaemon(sandbox: Sandbox, paths: EnginePaths, executables: Executables): DaemonHandle {
  const {containerdSocket: socket, dataRoot, execRoot} = paths;
  const config = join(paths.root, 'containerd.toml');
  writeFileSync(config, 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n');
  const argv = [executables.containerd, '--config', config, '--address', socket];
  argv.push('--root', join(dataRoot, 'containerd/daemon'), '--state', join(execRoot, 'containerd/daemon'));
  const isReady = async () => {
    const version = await runClient(sandbox, [executables.ctr, '--address', socket, 'version'], {
      env: clientEnv(paths),
    });
    return version.exitCode === 0;
  };
  const log = join(paths.logs, 'containerd.log');
  return new DaemonHandle(sandbox, {
    name: 'containerd',
    argv,
    env: daemonEnv(paths, executables),
    socket,
    log,
    isReady,
  });
}

/** Starts containerd without dockerd; disposing it fails when tasks, mounts or cgroups of it are left. */
export async function startContainerd(replaced: Partial<Executables> = {}): Promise<StandaloneContainerd> {
  const executables = resolveExecutables(replaced);
  const paths = makeEnginePaths();
  const sandbox = await Sandbox.start();
  const containerd = new StandaloneContainerd(sandbox, paths, executables, await sandbox.survey());
  try {
    await containerd.daemon.start();
    return containerd;
  } catch (error) {
    await containerd.discard();
    throw error;
  }
}

export class StandaloneContainerd implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly paths: EnginePaths;
  readonly executables: Executables;
  readonly daemon: DaemonHandle;
  readonly #before: Survey;

  constructor(sandbox: Sandbox, paths: EnginePaths, executables: Executables, before: Survey) {
    this.sandbox = sandbox;
    this.paths = paths;
    this.executables = executables;
    this.#before = before;
    this.daemon = containerdDaemon(sandbox, paths, executables);
  }

  /** Runs `ctr` (ours, or the one in `executables`) on it. */
  ctr(...args: string[]): Promise<ClientResult> {
    return this.run([this.executables.ctr, '--address', this.paths.containerdSocket, ...args]);
  }

  /** Like ctr(), and throws when the exit code is not 0. */
  async ctrOk(...args: string[]): Promise<string> {
    const result = await this.ctr(...args);
    if (result.exitCode !== 0) throw new Error(`ctr ${args.join(' ')}: exit code ${result.exitCode}\n${result.stderr}`);
    return result.stdout;
  }

  run(argv: string[]): Promise<ClientResult> {
    return runClient(this.sandbox, argv, {env: clientEnv(this.paths)});
  }

  async discard(): Promise<void> {
    await this.sandbox[Symbol.asyncDispose]();
    removeCgroups(this.paths.cgroupParent);
    rmSync(this.paths.root, {recursive: true, force: true});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.daemon.stop();
      let leaks: string[] = [];
      const clean = async () => {
        leaks = findLeaks(this.#before, await this.sandbox.survey(), this.paths);
        return leaks.length === 0;
      };
      await poll(clean, {timeout: 2000}).catch(() => {
        throw new Error(`containerd left behind:\n${leaks.join('\n')}\n${this.daemon.logTail(10)}`);
      });
    } finally {
      await this.discard();
    }
  }
}
