/** Records of snapshots in the metadata database: one table for all snapshotters. */
import type {SnapshotRecord, SnapshotRecords} from '../../core/snapshots/record.ts';
import type {SnapshotKind, SnapshotNode} from '../../core/snapshots/snapshotter.ts';
import {formatTime} from '../../core/time.ts';
import {jsonText, type Row, readMap, readTime} from '../metadata-db/columns.ts';
import type {Database} from '../metadata-db/database.ts';

/** Only ever appended to. */
const migrations = [
  `CREATE TABLE snapshots (
    snapshotter TEXT NOT NULL,
    id INTEGER NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    parent_id INTEGER,
    kind TEXT NOT NULL,
    labels TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    size INTEGER,
    inodes INTEGER,
    PRIMARY KEY (snapshotter, id),
    UNIQUE (snapshotter, namespace, name),
    FOREIGN KEY (snapshotter, parent_id) REFERENCES snapshots (snapshotter, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX snapshots_by_parent ON snapshots (snapshotter, parent_id);`,
];

const select = `
  SELECT s.*, p.name AS parent_name FROM snapshots s
  LEFT JOIN snapshots p ON p.snapshotter = s.snapshotter AND p.id = s.parent_id
  WHERE s.snapshotter = ? AND s.namespace = ?`;

export class SqlSnapshotRecords implements SnapshotRecords {
  readonly #database: Database;
  readonly #snapshotter: string;

  constructor(database: Database, snapshotter: string) {
    database.migrate('snapshots', migrations);
    this.#database = database;
    this.#snapshotter = snapshotter;
  }

  transaction<T>(action: () => T): T {
    return this.#database.transaction(action);
  }

  get(namespace: string, name: string): SnapshotRecord | undefined {
    const row = this.#database.get<Row>(`${select} AND s.name = ?`, this.#snapshotter, namespace, name);
    return row && decode(row);
  }

  ancestors(record: SnapshotRecord): number[] {
    const rows = this.#database.all<{id: number}>(
      `WITH RECURSIVE chain (id, depth) AS (
        VALUES (?2, 0)
        UNION ALL
        SELECT s.parent_id, depth + 1 FROM snapshots s JOIN chain ON s.id = chain.id
        WHERE s.snapshotter = ?1 AND s.parent_id IS NOT NULL
      ) SELECT id FROM chain WHERE id IS NOT NULL ORDER BY depth`,
      this.#snapshotter,
      record.parent?.id ?? null,
    );
    return rows.map(row => row.id);
  }

  hasChildren(record: SnapshotRecord): boolean {
    const sql = 'SELECT 1 FROM snapshots WHERE snapshotter = ? AND parent_id = ? LIMIT 1';
    return this.#database.get(sql, this.#snapshotter, record.id) !== undefined;
  }

  insert(record: SnapshotRecord): void {
    this.#database.run(
      `INSERT INTO snapshots
        (snapshotter, id, namespace, name, parent_id, kind, labels, created_at, updated_at, size, inodes)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[this.#snapshotter, record.id, record.namespace, record.name, record.parent?.id ?? null],
      ...changeable(record),
    );
  }

  update(record: SnapshotRecord): void {
    this.#database.run(
      `UPDATE snapshots SET name = ?, parent_id = ?, kind = ?, labels = ?, created_at = ?, updated_at = ?, size = ?, inodes = ?
        WHERE snapshotter = ? AND id = ?`,
      ...[record.name, record.parent?.id ?? null, ...changeable(record), this.#snapshotter, record.id],
    );
  }

  delete(record: SnapshotRecord): void {
    this.#database.run('DELETE FROM snapshots WHERE snapshotter = ? AND id = ?', this.#snapshotter, record.id);
  }

  page(namespace: string, after: string, limit: number): SnapshotRecord[] {
    const sql = `${select} AND s.name > ? ORDER BY s.name LIMIT ?`;
    return this.#database.all<Row>(sql, this.#snapshotter, namespace, after, limit).map(decode);
  }

  nodes(): SnapshotNode[] {
    const sql = `
      SELECT s.namespace, s.name, p.name AS parent, s.labels FROM snapshots s
      LEFT JOIN snapshots p ON p.snapshotter = s.snapshotter AND p.id = s.parent_id WHERE s.snapshotter = ?`;
    return this.#database.all<Row>(sql, this.#snapshotter).map(row => ({
      namespace: row.namespace as string,
      name: row.name as string,
      parent: (row.parent as string | null) ?? '',
      labels: readMap(row, 'labels'),
    }));
  }

  ids(): number[] {
    const rows = this.#database.all<{id: number}>('SELECT id FROM snapshots WHERE snapshotter = ?', this.#snapshotter);
    return rows.map(row => row.id);
  }
}

function changeable(record: SnapshotRecord): (string | number | null)[] {
  const {kind, labels, createdAt, updatedAt, usage} = record;
  const times = [formatTime(createdAt), formatTime(updatedAt)];
  return [kind, jsonText(labels), ...times, usage?.size ?? null, usage?.inodes ?? null];
}

function decode(row: Row): SnapshotRecord {
  const parentId = row.parent_id as number | null;
  return {
    id: row.id as number,
    namespace: row.namespace as string,
    name: row.name as string,
    parent: parentId === null ? undefined : {id: parentId, name: row.parent_name as string},
    kind: row.kind as SnapshotKind,
    labels: readMap(row, 'labels'),
    createdAt: readTime(row, 'created_at'),
    updatedAt: readTime(row, 'updated_at'),
    usage: row.size === null ? undefined : {size: row.size as number, inodes: row.inodes as number},
  };
}
