/** The `start` action: makes the socket, leaves the serving shim behind on it, and tells containerd where it is. */
import {closeSync, mkdirSync, readFileSync, rmSync, writeFileSync, writeSync} from 'node:fs';
import {dirname} from 'node:path';
import {shimRuntimeEnvironment} from '@longshore/base';
import {isErrorCode} from '@longshore/errdefs';
import {
  cgroupAt,
  closeFd,
  connectUnix,
  createCoreSchedulingCookie,
  isErrno,
  listenUnix,
  setOomScoreAdj,
  spawnProcess,
} from '@longshore/linux';
import {type Bootstrap, parseStartInput, type StartInput, startOutput} from './bootstrap.ts';
import {readIfExists} from './bundle.ts';
import type {ShimEnvironment} from './environment.ts';
import type {Flags} from './flags.ts';
import {groupOf} from './oci-spec.ts';
import {defaultSocketDirectory, socketPathFor} from './socket-path.ts';

const shimOomScoreMaximum = 1000;

export async function start(flags: Flags, environment: ShimEnvironment): Promise<void> {
  const input = parseStartInput(readFileSync(0), flags);
  const group = groupOf(readIfExists('config.json') ?? '{}') || flags.id;
  const path = await socketPathFor(
    flags.address,
    flags.namespace,
    group,
    input.socketDirectory || defaultSocketDirectory,
  );
  const bootstrap: Bootstrap = {version: 3, address: `unix://${path}`, protocol: 'ttrpc'};
  const listener = listenOrJoin(path);
  if (listener !== undefined) {
    try {
      launch(flags, environment, input, listener);
    } catch (error) {
      rmSync(path, {force: true});
      throw error;
    } finally {
      closeFd(listener);
    }
  }
  const output = startOutput(bootstrap, input, environment);
  // Older containerds find the shim again by this file; those that do not know it leave it alone.
  if (typeof output === 'string') writeFileSync('address', output, {mode: 0o600});
  writeSync(1, output as Uint8Array);
}

/** A new listening socket, or undefined when a shim of the same group serves there already. */
function listenOrJoin(path: string): number | undefined {
  mkdirSync(dirname(path), {recursive: true, mode: 0o700});
  for (;;) {
    try {
      return listenUnix(path, {mode: 0o600});
    } catch (error) {
      if (!isErrorCode(error, 'already-exists')) throw error;
    }
    if (isServed(path)) return undefined;
    rmSync(path, {force: true}); // left by a shim that was killed
  }
}

export function isServed(path: string): boolean {
  try {
    closeSync(connectUnix(path));
    return true;
  } catch (error) {
    if (isErrno(error, 'ECONNREFUSED', 'ENOENT')) return false;
    throw error;
  }
}

function launch(flags: Flags, environment: ShimEnvironment, input: StartInput, listener: number): void {
  if (environment.schedCore) createCoreSchedulingCookie();
  const {forChildren} = environment;
  const pid = spawnProcess({
    path: process.execPath,
    argv: [...selfArguments(), ...daemonArguments(flags, environment)],
    env: {...forChildren, ...shimRuntimeEnvironment, GOMAXPROCS: '4'},
    fds: [-1, -1, -1, listener],
    newSession: true,
    fileLimit: environment.fileLimit,
  });
  if (input.options.shimCgroup !== '') joinCgroup(input.options.shimCgroup, pid);
  setOomScoreAdj(Math.min(parentOomScore() + 1, shimOomScoreMaximum), pid);
}

function joinCgroup(path: string, pid: number): void {
  const cgroup = cgroupAt(path);
  cgroup.create();
  cgroup.addProcess(pid);
}

/** argv[0], and under Node the script. */
function selfArguments(): string[] {
  if (process.versions.bun) return [process.execPath];
  return [process.execPath, ...process.execArgv, process.argv[1] as string];
}

/** The command that publishes events is only for a containerd that has no socket for them. */
function daemonArguments(flags: Flags, environment: ShimEnvironment): string[] {
  const {namespace, id, address, publishBinary, debug} = flags;
  const publish = environment.ttrpcAddress === '' && publishBinary !== '' ? ['-publish-binary', publishBinary] : [];
  return ['-namespace', namespace, '-id', id, '-address', address, ...publish, ...(debug ? ['-debug'] : [])];
}

function parentOomScore(): number {
  return Number.parseInt(readIfExists(`/proc/${process.ppid}/oom_score_adj`) ?? '0', 10);
}
