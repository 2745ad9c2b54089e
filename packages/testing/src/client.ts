/** Clients and daemons of an engine: the environment that they get, and how a client is run to its end. */
import {join} from 'node:path';
import {env} from 'node:process';
import type {Options} from 'execa';
import type {EnginePaths} from './engine-paths.ts';
import type {Executables} from './executables.ts';
import type {Sandbox} from './sandbox.ts';

/** Text output of a client that ran in the engine's namespaces. */
export interface ClientResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export async function runClient(sandbox: Sandbox, argv: string[], options: Options): Promise<ClientResult> {
  const {exitCode, stdout, stderr} = await sandbox.run(argv, {extendEnv: false, ...options});
  return {exitCode: exitCode ?? 255, stdout: String(stdout ?? ''), stderr: String(stderr ?? '')};
}

export function clientEnv(paths: EnginePaths): Record<string, string> {
  const {PATH = '', TERM = 'xterm'} = env;
  const {home} = paths;
  return {PATH, TERM, HOME: home, DOCKER_CONFIG: join(home, '.docker'), DOCKER_HOST: `unix://${paths.dockerSocket}`};
}

export function daemonEnv(paths: EnginePaths, executables: Executables): Record<string, string> {
  const path = `${executables.path}:${env.PATH ?? ''}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
  return {PATH: path, HOME: paths.home, TMPDIR: paths.scratch};
}
