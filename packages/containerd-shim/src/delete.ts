/** The `delete` action: containerd calls it when the shim is gone, to clean up and to have something to report. */
import {rmSync, writeSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {DeleteResponse} from '@longshore/api/gen/containerd/runtime/task/v3/shim';
import {createLogger} from '@longshore/base';
import {isErrorCode, messageOf} from '@longshore/errdefs';
import {realTime} from '@longshore/linux';
import {RuncRuntime} from '@longshore/runc-wrapper';
import {socketPath} from '@longshore/ttrpc';
import {pidFile, readIfExists, readPidFile, readRuntimeFiles, runtimeRoot, unmountRootfs} from './bundle.ts';
import type {ShimEnvironment} from './environment.ts';
import type {Flags} from './flags.ts';
import {endUnfinishedRuntime, removeUnknownCgroup} from './leftovers.ts';
import {isServed} from './start.ts';
import {timestamp} from './timestamp.ts';

/** What a container that lost its shim is said to have ended with: 128 + SIGKILL. */
const killedStatus = 137;

/** Works whatever the shim had done before it died; writes a DeleteResponse to standard output. */
export async function deleteLeftovers(flags: Flags, environment: ShimEnvironment): Promise<void> {
  // containerd stops waiting after 5 s; a signal of its must not leave the work half done.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => {});
  const log = createLogger();
  // The working directory is the bundle, but a grouped container's is beside it.
  const bundle = flags.bundle || join(dirname(process.cwd()), basename(flags.id));
  const options = readRuntimeFiles(bundle);
  const pid = readPidFile(pidFile(bundle));
  if (pid === undefined) log.warn({path: pidFile(bundle)}, 'failed to read init pid file');
  const runtime = new RuncRuntime({
    binary: options.binaryName || 'runc',
    root: runtimeRoot(options, flags.namespace),
    log: join(bundle, 'log.json'),
    systemdCgroup: options.systemdCgroup,
    env: environment.forChildren,
  });
  await endUnfinishedRuntime(bundle);
  const isKnown = hasState(runtime, flags.id);
  await runtime.delete(flags.id, {force: true});
  if (!isKnown) await removeUnknownCgroup(bundle, log);
  unmountRootfs(bundle);
  removeSocket(bundle);
  const response = {pid: pid ?? 0, exitStatus: killedStatus, exitedAt: timestamp(realTime())};
  writeSync(1, DeleteResponse.encode(response).finish());
}

/** False when the runtime has not got so far, or is done with the container. */
function hasState(runtime: RuncRuntime, id: string): boolean {
  try {
    runtime.load(id);
    return true;
  } catch (error) {
    if (isErrorCode(error, 'not-found')) return false;
    throw error;
  }
}

/** A killed shim leaves its socket behind; a living one of the same group keeps it. */
function removeSocket(bundle: string): void {
  const text = readIfExists(join(bundle, 'address')) ?? readIfExists(join(bundle, 'bootstrap.json'));
  if (!text) return;
  try {
    const address = text.startsWith('{') ? (JSON.parse(text) as {address: string}).address : text.trim();
    const path = socketPath(address);
    if (!isServed(path)) rmSync(path, {force: true});
  } catch (error) {
    createLogger().warn({error: messageOf(error)}, 'cannot remove the shim socket');
  }
}
