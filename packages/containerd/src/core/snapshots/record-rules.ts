/** What all snapshotters that keep records of their own demand of names, parents and updates. */
import {EngineError} from '@longshore/errdefs';
import {quote} from '../names.ts';
import type {SnapshotRecord, SnapshotRecords} from './record.ts';
import type {SnapshotInfo} from './snapshotter.ts';

/** Names the committed snapshot that an unpack will make: when that exists, there is nothing to prepare. */
export const targetLabel = 'containerd.io/snapshot.ref';
const pageSize = 500;

export function checkSnapshotName(name: string): void {
  if (name === '') throw new EngineError('invalid-argument', 'snapshot key must not be empty: invalid argument');
}

export function checkUpdatePath(path: string): void {
  if (path === 'labels' || path.startsWith('labels.')) return;
  throw new EngineError('invalid-argument', `cannot update ${quote(path)} field on snapshot: invalid argument`);
}

/** Throws not-found. */
export function findSnapshot(records: SnapshotRecords, namespace: string, key: string): SnapshotRecord {
  const record = records.get(namespace, key);
  if (!record) throw new EngineError('not-found', `snapshot ${key} does not exist: not found`);
  return record;
}

/** Undefined for no parent. Throws not-found, invalid-argument for one that is not committed. */
export function findParent(records: SnapshotRecords, namespace: string, name: string): SnapshotRecord | undefined {
  if (name === '') return undefined;
  const parent = records.get(namespace, name);
  if (!parent) throw new EngineError('not-found', `parent snapshot ${name} does not exist: not found`);
  if (parent.kind !== 'committed') {
    throw new EngineError('invalid-argument', `parent ${quote(name)} is not committed snapshot: invalid argument`);
  }
  return parent;
}

/**
 * The parent that a snapshot has after a commit onto `name`; its own when that is empty. Throws not-found,
 * invalid-argument for a parent that is not committed or a snapshot that was prepared on another, unimplemented when
 * the snapshotter `cannot`.
 */
export function commitParent(
  records: SnapshotRecords,
  record: SnapshotRecord,
  name: string,
  cannot: string | undefined,
): SnapshotRecord['parent'] {
  if (name === '') return record.parent;
  const parent = findParent(records, record.namespace, name) as SnapshotRecord;
  if (record.parent?.id === parent.id) return record.parent;
  if (cannot !== undefined) {
    throw new EngineError('unimplemented', `commit onto another parent: ${cannot}: not implemented`);
  }
  if (record.parent) {
    const detail = `snapshot ${quote(record.name)} was prepared on ${quote(record.parent.name)}, not on ${quote(name)}`;
    throw new EngineError('invalid-argument', `${detail}: invalid argument`);
  }
  return {id: parent.id, name: parent.name};
}

/** In an order in which they can be removed. A child may be older than its parent: see `commitParent`. */
export function childrenFirst(records: readonly SnapshotRecord[]): SnapshotRecord[] {
  const byId = new Map(records.map(record => [record.id, record]));
  const depths = new Map<number, number>();
  const depthOf = (record: SnapshotRecord): number => {
    const known = depths.get(record.id);
    if (known !== undefined) return known;
    const parent = record.parent && byId.get(record.parent.id);
    const depth = parent ? depthOf(parent) + 1 : 0;
    depths.set(record.id, depth);
    return depth;
  };
  return records.toSorted((a, b) => depthOf(b) - depthOf(a) || b.id - a.id);
}

/** Read in pages. */
export async function* walkRecords(
  records: SnapshotRecords,
  namespace: string,
): AsyncGenerator<SnapshotRecord, void, void> {
  for (let after = ''; ; ) {
    const page = records.page(namespace, after, pageSize);
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < pageSize) return;
    after = last.name;
  }
}

export function toInfo(record: SnapshotRecord): SnapshotInfo {
  const {name, parent, kind, labels, createdAt, updatedAt} = record;
  return {name, parent: parent?.name ?? '', kind, labels: {...labels}, createdAt, updatedAt};
}
