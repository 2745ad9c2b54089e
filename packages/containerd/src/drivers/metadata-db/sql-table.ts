import type {Table} from '../../core/metadata/store.ts';
import type {Row} from './columns.ts';
import type {Database} from './database.ts';
import type {TableSpec} from './tables.ts';

/** Rows of one query of `listAll`; a full page ends its read, so that others may write before the next. */
const pageSize = 500;

/** A table of records of all namespaces, keyed by namespace and the first column of its description. */
export class SqlTable<Record> implements Table<Record> {
  readonly #database: Database;
  readonly #spec: TableSpec<Record>;
  readonly #key: string;
  readonly #put: string;

  constructor(database: Database, spec: TableSpec<Record>) {
    this.#database = database;
    this.#spec = spec;
    this.#key = spec.columns[0] as string;
    const columns = ['namespace', ...spec.columns];
    const changes = spec.columns.slice(1).map(column => `${column} = excluded.${column}`);
    // Not INSERT OR REPLACE: that deletes the old row first, and with a lease its resources.
    this.#put =
      `INSERT INTO ${spec.name} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})` +
      ` ON CONFLICT (namespace, ${this.#key}) DO UPDATE SET ${changes.join(', ')}`;
  }

  get(namespace: string, key: string): Record | undefined {
    const sql = `SELECT * FROM ${this.#spec.name} WHERE namespace = ? AND ${this.#key} = ?`;
    const row = this.#database.get<Row>(sql, namespace, key);
    return row && this.#spec.decode(row);
  }

  list(namespace: string): Record[] {
    const sql = `SELECT * FROM ${this.#spec.name} WHERE namespace = ? ORDER BY ${this.#key}`;
    return this.#database.all<Row>(sql, namespace).map(row => this.#spec.decode(row));
  }

  *listAll(): Generator<{namespace: string; record: Record}> {
    const sql =
      `SELECT * FROM ${this.#spec.name} WHERE (namespace, ${this.#key}) > (?, ?)` +
      ` ORDER BY namespace, ${this.#key} LIMIT ${pageSize}`;
    let [namespace, key] = ['', ''];
    for (;;) {
      const rows = this.#database.all<Row>(sql, namespace, key);
      for (const row of rows) yield {namespace: row.namespace as string, record: this.#spec.decode(row)};
      const last = rows.at(-1);
      if (!last || rows.length < pageSize) return;
      [namespace, key] = [last.namespace as string, last[this.#key] as string];
    }
  }

  put(namespace: string, record: Record): void {
    this.#database.transaction(() => {
      this.#database.run('INSERT OR IGNORE INTO namespaces (name, labels) VALUES (?, ?)', namespace, '{}');
      this.#database.run(this.#put, namespace, ...this.#spec.encode(record));
    });
  }

  delete(namespace: string, key: string): boolean {
    const sql = `DELETE FROM ${this.#spec.name} WHERE namespace = ? AND ${this.#key} = ?`;
    return this.#database.run(sql, namespace, key) > 0;
  }
}
