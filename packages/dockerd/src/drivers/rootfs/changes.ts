/** What a container has changed, read from the upper directory of its overlay. */
import {lstat, readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {getXattr} from '@longshore/linux';

export interface Change {
  /** Absolute inside the container. */
  path: string;
  /** 0 modified, 1 added, 2 deleted. */
  kind: 0 | 1 | 2;
}

/**
 * A character device 0:0 in the upper directory is a deletion; everything else there was added, or modified when a
 * lower directory has the path too. Sorted by path, as Docker answers. Paths are only compared, never followed.
 */
export async function listChanges(upper: string, lowers: readonly string[], signal: AbortSignal): Promise<Change[]> {
  const changes: Change[] = [];
  await walk({upper, lowers, signal, changes}, '');
  return changes.sort((a, b) => (a.path < b.path ? -1 : 1));
}

type Walk = {upper: string; lowers: readonly string[]; signal: AbortSignal; changes: Change[]};

async function walk(state: Walk, dir: string): Promise<void> {
  state.signal.throwIfAborted();
  // An opaque directory hides what lies below: its files are new whatever the lower layers have.
  const lowers = isOpaque(join(state.upper, dir)) ? [] : state.lowers;
  for (const entry of await readdir(join(state.upper, dir), {withFileTypes: true})) {
    const path = `${dir}/${entry.name}`;
    if (entry.isCharacterDevice() && (await lstat(join(state.upper, path))).rdev === 0) {
      state.changes.push({path, kind: 2});
      continue;
    }
    state.changes.push({path, kind: (await existsIn(lowers, path)) ? 0 : 1});
    if (entry.isDirectory()) await walk({...state, lowers}, path);
  }
}

function isOpaque(dir: string): boolean {
  return ['trusted.overlay.opaque', 'user.overlay.opaque'].some(name => getXattr(dir, name)?.toString() === 'y');
}

async function existsIn(lowers: readonly string[], path: string): Promise<boolean> {
  for (const lower of lowers) {
    const status = await lstat(join(lower, path)).catch(() => undefined);
    // A whiteout in a layer further up hides the file of a layer below it.
    if (status) return !(status.isCharacterDevice() && status.rdev === 0);
  }
  return false;
}
