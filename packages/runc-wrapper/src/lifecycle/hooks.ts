/** Hooks of the runtime spec that a native command owes: each gets the container's state as JSON on stdin. */
import {closeSync, fstatSync, readSync, writeSync} from 'node:fs';
import type {Hook, State} from '@longshore/api/oci';
import {EngineError, messageOf} from '@longshore/errdefs';
import {errorText, memfd, SystemCallError} from '@longshore/linux';
import type {SpawnRuntime} from '../spawn.ts';
import type {ContainerRecord} from '../state/record.ts';

/** Runs them in order. Throws at the first that fails, with its output, and leaves out the rest, as runc does. */
export async function runHooks(
  hooks: readonly Hook[],
  record: ContainerRecord,
  status: State['status'],
  spawn: SpawnRuntime,
): Promise<void> {
  const state = Buffer.from(JSON.stringify(stateForHooks(record, status)));
  for (const [index, hook] of hooks.entries()) {
    try {
      await runHook(hook, state, spawn);
    } catch (error) {
      const text = `error running hook #${index}: ${messageOf(error)}`;
      throw new EngineError('internal', text, {cause: error});
    }
  }
}

/** A stopped container has no pid any more. */
export function stateForHooks(record: ContainerRecord, status: State['status']): State {
  const {ociVersion, id, pid, bundle, annotations} = record;
  return {
    ociVersion,
    id,
    status,
    ...(status === 'stopped' ? {} : {pid}),
    bundle,
    ...(Object.keys(annotations).length === 0 ? {} : {annotations}),
  };
}

/** Files in memory take the place of pipes: nothing has to be pumped, and the output can be read afterwards. */
async function runHook(hook: Hook, state: Uint8Array, spawn: SpawnRuntime): Promise<void> {
  const files = [memfd('hook-state'), memfd('hook-stdout'), memfd('hook-stderr')];
  let timer: NodeJS.Timeout | undefined;
  let late = false;
  try {
    // At position 0: the child shares the offset and must find it at the start.
    writeSync(files[0]!, state, 0, state.length, 0);
    const {exitStatus} = await spawn({
      path: hook.path,
      argv: hook.args && hook.args.length > 0 ? hook.args : [hook.path],
      env: Object.fromEntries((hook.env ?? []).map(splitVariable)),
      fds: files,
      started: pid => {
        if (hook.timeout === undefined) return;
        timer = setTimeout(() => {
          late = true;
          process.kill(pid, 'SIGKILL');
        }, hook.timeout * 1000);
      },
    });
    if (late) throw new Error(`hook ran past specified timeout of ${hook.timeout?.toFixed(1)}s`);
    if (exitStatus === 0) return;
    throw new Error(
      `error running hook: exit status ${exitStatus}, stdout: ${readAll(files[1]!)}, stderr: ${readAll(files[2]!)}`,
    );
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    throw new Error(`fork/exec ${hook.path}: ${errorText(error.errno)}`, {cause: error});
  } finally {
    clearTimeout(timer);
    for (const fd of files) closeSync(fd);
  }
}

function readAll(fd: number): string {
  const bytes = Buffer.alloc(Math.min(fstatSync(fd).size, 64 * 1024));
  return bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, 0));
}

function splitVariable(entry: string): [string, string] {
  const at = entry.indexOf('=');
  return at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
}
