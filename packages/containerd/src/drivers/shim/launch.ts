/** The two ways to start a shim: ours with its listening socket as fd 3, any other by its `start` action. */
import {mkdir, unlink} from 'node:fs/promises';
import {dirname} from 'node:path';
import {Options} from '@longshore/api/gen/containerd/types/runc/options/oci';
import {Any} from '@longshore/api/gen/google/protobuf/any';
import {protobufTypeUrl} from '@longshore/api/type-urls';
import {isErrorCode} from '@longshore/errdefs';
import {cgroupAt, closeFd, listenUnix, readKernelFile, setOomScoreAdj, spawnProcess} from '@longshore/linux';
import type {TypedValue} from '../../core/metadata/records.ts';
import {isListening} from '../host/is-listening.ts';
import {type Bootstrap, parseBootstrap} from './bootstrap.ts';
import type {Bundle} from './bundle.ts';
import {anyOf} from './convert.ts';
import {actionFlags, type ShimCommand} from './delete-action.ts';
import {actionEnvironment, serveEnvironment} from './environment.ts';
import type {Reaper} from './reaper.ts';
import {runAction} from './run-action.ts';
import type {OwnChild} from './shim-process.ts';

/** Connections that wait while the shim starts: ours, and a few more. */
const backlog = 128;

/**
 * Starts our shim. A client may connect as soon as this returns: the socket listens already. The bundle tells how to
 * reach it before it runs, so that a daemon killed here finds it again.
 */
export async function launchDirect(
  command: ShimCommand & {reaper: Reaper},
  shim: string,
  bundle: Bundle,
  path: string,
  options: TypedValue | undefined,
): Promise<{bootstrap: Bootstrap; child: OwnChild}> {
  const {namespace, id} = bundle;
  const listener = await listen(path);
  try {
    const bootstrap: Bootstrap = {version: 3, address: `unix://${path}`, protocol: 'ttrpc'};
    await bundle.writeBootstrap(bootstrap, shim);
    const flags = ['-namespace', namespace, '-id', id, '-address', command.addresses.grpc];
    const pid = spawnProcess({
      path: shim,
      argv: [shim, ...flags, ...(command.debug ? ['-debug'] : [])],
      env: serveEnvironment(command, namespace, id),
      cwd: bundle.path,
      fds: [-1, -1, -1, listener],
      newSession: true,
    });
    const child = {pid, ended: command.reaper.watch(pid)};
    adjust(pid, options);
    return {bootstrap, child};
  } catch (error) {
    await unlink(path);
    throw error;
  } finally {
    closeFd(listener);
  }
}

/** Throws unknown with the shim's own output when it fails. */
export async function launchByStart(
  command: ShimCommand,
  shim: string,
  bundle: Bundle,
  options: TypedValue | undefined,
): Promise<Bootstrap> {
  const any = anyOf(options);
  const {combined} = await runAction({
    path: shim,
    args: [...actionFlags(command, bundle), ...(command.debug ? ['-debug'] : []), 'start'],
    cwd: bundle.path,
    env: actionEnvironment(command, bundle.namespace),
    stdin: any ? Any.encode(any).finish() : new Uint8Array(),
    timeoutMs: 0,
  });
  const bootstrap = parseBootstrap(combined);
  await bundle.writeBootstrap(bootstrap, shim);
  return bootstrap;
}

/** A socket left by a dead shim is replaced. Throws already-exists when one listens there. */
async function listen(path: string): Promise<number> {
  await mkdir(dirname(path), {recursive: true, mode: 0o700});
  try {
    return listenUnix(path, {mode: 0o600, backlog});
  } catch (error) {
    if (!isErrorCode(error, 'already-exists') || isListening(path)) throw error;
  }
  await unlink(path);
  return listenUnix(path, {mode: 0o600, backlog});
}

/** What `start` does for others: the kernel shall sooner kill a shim than us, and its cgroup may be given. */
function adjust(pid: number, options: TypedValue | undefined): void {
  const own = Number(readKernelFile('/proc/self/oom_score_adj'));
  setOomScoreAdj(Math.min(own + 1, 1000), pid);
  if (options?.typeUrl !== protobufTypeUrl.runcOptions) return;
  const {shimCgroup} = Options.decode(options.value);
  if (shimCgroup === '') return;
  const cgroup = cgroupAt(shimCgroup);
  cgroup.create();
  cgroup.addProcess(pid);
}
