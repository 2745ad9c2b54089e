/** Under which key another process keeps each of our snapshots. */
import type {Database} from '../metadata-db/database.ts';

/** Only ever appended to. */
const migrations = [
  `CREATE TABLE proxied_snapshots (
    snapshotter TEXT NOT NULL, id INTEGER NOT NULL, backend_key TEXT NOT NULL,
    PRIMARY KEY (snapshotter, id)
  ) STRICT, WITHOUT ROWID;`,
];

export class ProxiedKeys {
  readonly #database: Database;
  readonly #snapshotter: string;

  constructor(database: Database, snapshotter: string) {
    database.migrate('proxied-snapshots', migrations);
    this.#database = database;
    this.#snapshotter = snapshotter;
  }

  get(id: number): string {
    const sql = 'SELECT backend_key AS key FROM proxied_snapshots WHERE snapshotter = ? AND id = ?';
    const row = this.#database.get<{key: string}>(sql, this.#snapshotter, id);
    if (!row) throw new TypeError(`snapshot ${id} of ${this.#snapshotter} has no key`);
    return row.key;
  }

  set(id: number, key: string): void {
    const sql = 'INSERT OR REPLACE INTO proxied_snapshots (snapshotter, id, backend_key) VALUES (?, ?, ?)';
    this.#database.run(sql, this.#snapshotter, id, key);
  }

  delete(id: number): void {
    this.#database.run('DELETE FROM proxied_snapshots WHERE snapshotter = ? AND id = ?', this.#snapshotter, id);
  }

  all(): Set<string> {
    const sql = 'SELECT backend_key AS key FROM proxied_snapshots WHERE snapshotter = ?';
    return new Set(this.#database.all<{key: string}>(sql, this.#snapshotter).map(row => row.key));
  }
}
