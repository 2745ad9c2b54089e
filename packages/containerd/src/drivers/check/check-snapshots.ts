/** Snapshots: records against directories, and the chains of parents. */
import {readdir, stat} from 'node:fs/promises';
import {join} from 'node:path';
import type {Database} from '../metadata-db/database.ts';
import {damage, garbage, type Report} from './problem.ts';

interface SnapshotRow {
  id: number;
  namespace: string;
  name: string;
  parent_id: number | null;
  kind: string;
}

/** `directories` is where each snapshotter of this machine has its files; others keep them elsewhere. */
export async function checkSnapshots(
  database: Database,
  directories: ReadonlyMap<string, string>,
  report: Report,
): Promise<void> {
  if (!hasTable(database, 'snapshots')) return;
  const known = database.all<{snapshotter: string}>('SELECT DISTINCT snapshotter FROM snapshots');
  for (const snapshotter of new Set([...known.map(row => row.snapshotter), ...directories.keys()])) {
    const sql = 'SELECT id, namespace, name, parent_id, kind FROM snapshots WHERE snapshotter = ? ORDER BY id';
    const rows = database.all<SnapshotRow>(sql, snapshotter);
    checkParents(snapshotter, rows, report);
    const directory = directories.get(snapshotter);
    if (directory !== undefined) await checkFiles(snapshotter, join(directory, 'snapshots'), rows, report);
  }
}

export function hasTable(database: Database, name: string): boolean {
  return database.get("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", name) !== undefined;
}

function checkParents(snapshotter: string, rows: readonly SnapshotRow[], report: Report): void {
  const byId = new Map(rows.map(row => [row.id, row]));
  for (const {id, namespace, name, parent_id: parentId, kind} of rows) {
    const object = `${snapshotter}/${name}`;
    const fault = (detail: string) => report(damage('snapshot-parent', namespace, object, detail));
    if (!['active', 'view', 'committed'].includes(kind)) {
      report(damage('snapshot-kind', namespace, object, `"${kind}" is no kind of snapshot`));
    }
    if (parentId === null) continue;
    const parent = byId.get(parentId);
    if (!parent) fault(`its parent ${parentId} is not there`);
    else if (parent.kind !== 'committed') fault(`its parent "${parent.name}" is not committed`);
    else if (parent.namespace !== namespace) fault(`its parent "${parent.name}" is of namespace ${parent.namespace}`);
    // A child is made after its parent: an older one would be a loop.
    if (parentId >= id) fault(`its parent ${parentId} is not older than itself, ${id}`);
  }
}

async function checkFiles(
  snapshotter: string,
  directory: string,
  rows: readonly SnapshotRow[],
  report: Report,
): Promise<void> {
  for (const {id, namespace, name, kind} of rows) {
    const needed = partsOf(snapshotter, kind);
    for (const part of needed) {
      const path = join(directory, String(id), part);
      const status = await stat(path).catch(() => undefined);
      if (status?.isDirectory()) continue;
      report(damage('snapshot-missing', namespace, `${snapshotter}/${name}`, `"${path}" is no directory`));
    }
  }
  const ids = new Set(rows.map(({id}) => String(id)));
  for (const name of await namesIn(directory)) {
    if (!ids.has(name)) report(garbage('snapshot-orphan', join(directory, name), 'no snapshot has this directory'));
  }
}

/** Directories that a snapshot's own must have. */
function partsOf(snapshotter: string, kind: string): string[] {
  if (snapshotter === 'native') return ['.'];
  return snapshotter === 'overlayfs' && kind === 'active' ? ['fs', 'work'] : ['fs'];
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
