/** Versions of the programs beside the daemon, asked once and remembered. */
import {execFile} from 'node:child_process';
import {promisify} from 'node:util';
import type {CallContext, Logger} from '@longshore/base';
import type {ContainerdClient} from '@longshore/containerd-client';
import type {RuntimeConfig} from '../../config/kinds.ts';
import type {ComponentVersion, RuntimeStatus} from '../../core/system/backend.ts';

const run = promisify(execFile);
const timeoutMs = 5_000;

export interface ProgramPaths {
  runc: string;
  /** Those of the configuration. */
  runtimes: Readonly<Record<string, RuntimeConfig>>;
  /** Undefined when there is none on this host. */
  init: string | undefined;
  /** What gives containers GPUs of NVIDIA; undefined when it is not installed. */
  nvidiaHook: string | undefined;
}

export class ComponentVersions {
  readonly #client: ContainerdClient;
  #paths: ProgramPaths;
  readonly #log: Logger;
  readonly #cache = new Map<string, Promise<string>>();

  constructor(client: ContainerdClient, paths: ProgramPaths, log: Logger) {
    this.#client = client;
    this.#paths = paths;
    this.#log = log;
  }

  reconfigure(runtimes: ProgramPaths['runtimes']): void {
    this.#paths = {...this.#paths, runtimes};
  }

  async all(ctx: CallContext): Promise<ComponentVersion[]> {
    const {runc, init} = this.#paths;
    return Promise.all([
      this.#containerd(ctx),
      this.#program('runc', runc, ['--version'], parseRuntimeVersion),
      ...(init ? [this.#program('docker-init', init, ['--version'], parseInitVersion)] : []),
    ]);
  }

  /** Paths and features of the configured runtimes. */
  async runtimes(): Promise<Record<string, RuntimeStatus>> {
    const {runc, runtimes} = this.#paths;
    // Docker shows the name that it looks for.
    const standard = {path: 'runc', runtimeArgs: [], runtimeType: '', options: {}};
    const all = Object.entries({...runtimes, 'io.containerd.runc.v2': standard, runc: standard});
    const entries = all.map(async ([name, runtime]) => {
      const program = runtime === standard ? runc : runtime.path;
      const features = program === '' ? '' : await this.#output(program, ['features']);
      return [name, {...runtime, features: compactJson(features)}] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  }

  async #containerd(ctx: CallContext): Promise<ComponentVersion> {
    const {version, revision} = await this.#client.version.version(ctx, {}, {timeoutMs});
    return {name: 'containerd', version: version.replace(/^v/, ''), gitCommit: revision};
  }

  async #program(
    name: string,
    path: string,
    args: string[],
    parse: (output: string) => {version: string; commit: string},
  ): Promise<ComponentVersion> {
    const {version, commit} = parse(await this.#output(path, args));
    return {name, version, gitCommit: commit};
  }

  #output(path: string, args: string[]): Promise<string> {
    const key = [path, ...args].join(' ');
    const known = this.#cache.get(key);
    if (known) return known;
    const asked = run(path, args, {timeout: timeoutMs}).then(
      ({stdout}) => stdout,
      error => {
        this.#log.warn({error, program: path}, 'cannot ask for the version');
        return '';
      },
    );
    this.#cache.set(key, asked);
    return asked;
  }
}

/** `runc version 1.3.6\ncommit: abc\n…` */
export function parseRuntimeVersion(output: string): {version: string; commit: string} {
  return {
    version: /^\S+ version (\S+)/m.exec(output)?.[1] ?? '',
    commit: /^commit: (\S+)/m.exec(output)?.[1] ?? '',
  };
}

/** `tini version 0.19.0 - git.de40ad0` */
export function parseInitVersion(output: string): {version: string; commit: string} {
  return {
    version: /version (\S+)/.exec(output)?.[1] ?? '',
    commit: /git\.([0-9a-f]+)/.exec(output)?.[1] ?? '',
  };
}

function compactJson(text: string): string {
  try {
    return text === '' ? '' : JSON.stringify(JSON.parse(text));
  } catch {
    return ''; // a runtime that prints something else has no features to show
  }
}
