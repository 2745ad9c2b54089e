/** Stops and continues all processes of a cgroup at once. */
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {sleep} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {isUnified} from './directories.ts';

export type FreezerState = 'thawed' | 'freezing' | 'frozen' | 'none';

/** `none` when the container has no cgroup with a freezer (any more). */
export function readFreezer(paths: Record<string, string>): FreezerState {
  return isUnified(paths) ? readUnified(paths['']!) : readV1(paths.freezer);
}

/** v2: `cgroup.freeze` is what was asked for, `frozen` of cgroup.events what has been reached. */
function readUnified(directory: string): FreezerState {
  const wanted = readIfExists(join(directory, 'cgroup.freeze'));
  if (wanted === undefined) return 'none';
  if (wanted.trim() === '0') return 'thawed';
  return /^frozen 1$/m.test(readIfExists(join(directory, 'cgroup.events')) ?? '') ? 'frozen' : 'freezing';
}

function readV1(directory: string | undefined): FreezerState {
  const state = directory === undefined ? undefined : readIfExists(join(directory, 'freezer.state'));
  if (state === undefined) return 'none';
  if (state.startsWith('THAWED')) return 'thawed';
  // Frozen by a parent (the freezer of a whole slice) is not paused: resuming the container would change nothing.
  const self = readIfExists(join(directory!, 'freezer.self_freezing'));
  if (self?.trim() === '0') return 'thawed';
  return state.startsWith('FROZEN') ? 'frozen' : 'freezing';
}

const freezeTimeoutMs = 10_000;

/** Freezes and waits until every process stands still. Thaws again and throws when some will not within 10 s. */
export async function freeze(paths: Record<string, string>, signal?: AbortSignal): Promise<void> {
  const deadline = Date.now() + freezeTimeoutMs;
  try {
    for (let pause = 1; ; pause = Math.min(pause * 2, 20)) {
      // Again each time: on v1 a process that forks while it is being frozen can leave the cgroup half frozen.
      writeFreezer(paths, true);
      if (readFreezer(paths) === 'frozen') return;
      if (Date.now() > deadline) throw new EngineError('deadline-exceeded', 'unable to freeze');
      await sleep(pause, signal);
    }
  } catch (error) {
    thaw(paths);
    throw error;
  }
}

export function thaw(paths: Record<string, string>): void {
  writeFreezer(paths, false);
}

function writeFreezer(paths: Record<string, string>, frozen: boolean): void {
  const unified = isUnified(paths);
  const directory = unified ? paths[''] : paths.freezer;
  if (directory === undefined) throw new EngineError('failed-precondition', 'cgroup not exist');
  const [name, value] = unified
    ? ['cgroup.freeze', frozen ? '1' : '0']
    : ['freezer.state', frozen ? 'FROZEN' : 'THAWED'];
  try {
    writeFileSync(join(directory, name), value, {flag: 'r+'});
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new EngineError('failed-precondition', 'cgroup not exist', {cause: error});
  }
}

function readIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENODEV' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
