/**
 * Whether a container is frozen. Read here with node:fs alone, because every `state`, `list`, `start` and `kill` asks
 * and loading the native library would cost each of them more than the answer.
 */
import {readFileSync} from 'node:fs';

export type FreezerState = 'thawed' | 'freezing' | 'frozen' | 'none';

/** `paths` as in ContainerRecord; `none` when the container has no cgroup with a freezer (any more). */
export function readFreezer(paths: Record<string, string>): FreezerState {
  return isUnified(paths) ? readUnified(paths['']!) : readV1(paths.freezer);
}

/** True if the container is in the v2 hierarchy alone; on a hybrid host the controllers are in v1. */
function isUnified(paths: Record<string, string>): boolean {
  const keys = Object.keys(paths);
  return keys.length === 1 && keys[0] === '';
}

/** v2: `cgroup.freeze` is what was asked for, `frozen` of cgroup.events what has been reached. */
function readUnified(directory: string): FreezerState {
  const wanted = readIfExists(`${directory}/cgroup.freeze`);
  if (wanted === undefined) return 'none';
  if (wanted.trim() === '0') return 'thawed';
  return /^frozen 1$/m.test(readIfExists(`${directory}/cgroup.events`) ?? '') ? 'frozen' : 'freezing';
}

function readV1(directory: string | undefined): FreezerState {
  const state = directory === undefined ? undefined : readIfExists(`${directory}/freezer.state`);
  if (state === undefined) return 'none';
  if (state.startsWith('THAWED')) return 'thawed';
  // Frozen by a parent (the freezer of a whole slice) is not paused: resuming the container would change nothing.
  if (readIfExists(`${directory}/freezer.self_freezing`)?.trim() === '0') return 'thawed';
  return state.startsWith('FROZEN') ? 'frozen' : 'freezing';
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
