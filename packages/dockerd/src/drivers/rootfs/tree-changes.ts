/** What a container has changed, for snapshotters whose mounts do not tell: its tree against its parent's. */
import type {Stats} from 'node:fs';
import {lstat, readdir} from 'node:fs/promises';
import {join} from 'node:path';
import type {Change} from './changes.ts';

/**
 * Compares by kind, mode, owner, device number and, but for directories, size and time. A directory in which something
 * changed counts as modified, as it does in an overlay. Sorted by path. Paths are only compared, never followed.
 */
export async function compareTrees(own: string, parent: string, signal: AbortSignal): Promise<Change[]> {
  const changes: Change[] = [];
  await compare({own, parent, signal, changes}, '');
  return changes.sort((a, b) => (a.path < b.path ? -1 : 1));
}

type Walk = {own: string; parent: string; signal: AbortSignal; changes: Change[]};

/** Returns whether anything below `dir`, a directory of both trees, differs. */
async function compare(walk: Walk, dir: string): Promise<boolean> {
  walk.signal.throwIfAborted();
  const [own, parent] = await Promise.all([entries(join(walk.own, dir)), entries(join(walk.parent, dir))]);
  const before = walk.changes.length;
  for (const name of parent) if (!own.has(name)) walk.changes.push({path: `${dir}/${name}`, kind: 2});
  for (const name of own) await compareEntry(walk, `${dir}/${name}`, parent.has(name));
  return walk.changes.length > before;
}

async function compareEntry(walk: Walk, path: string, inParent: boolean): Promise<void> {
  const own = await lstat(join(walk.own, path)).catch(ignoreMissing);
  if (!own) return; // removed while we look: the container may run
  const parent = inParent ? await lstat(join(walk.parent, path)) : undefined;
  if (!parent) {
    walk.changes.push({path, kind: 1});
    if (own.isDirectory()) await addAll(walk, path);
    return;
  }
  const bothDirectories = own.isDirectory() && parent.isDirectory();
  const differsBelow = bothDirectories && (await compare(walk, path));
  if (differsBelow || differs(own, parent)) walk.changes.push({path, kind: 0});
  if (own.isDirectory() && !bothDirectories) await addAll(walk, path);
}

async function addAll(walk: Walk, dir: string): Promise<void> {
  walk.signal.throwIfAborted();
  for (const name of await entries(join(walk.own, dir))) await compareEntry(walk, `${dir}/${name}`, false);
}

function differs(own: Stats, parent: Stats): boolean {
  if (own.mode !== parent.mode || own.uid !== parent.uid || own.gid !== parent.gid) return true;
  if (own.isDirectory()) return false;
  return own.rdev !== parent.rdev || own.size !== parent.size || own.mtimeMs !== parent.mtimeMs;
}

async function entries(directory: string): Promise<Set<string>> {
  return new Set((await readdir(directory).catch(ignoreMissing)) ?? []);
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
  throw error;
}
