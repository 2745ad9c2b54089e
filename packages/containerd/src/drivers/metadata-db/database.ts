/**
 * The metadata database: SQLite in WAL mode with synchronous=FULL, so a finished transaction survives a power cut and
 * a killed process leaves either all of it or nothing. Transactions are synchronous: on one thread that makes each of
 * them atomic towards every other request, without locks.
 */
import {DatabaseSync, type SQLInputValue, type StatementSync} from 'node:sqlite';
import {EngineError} from '@longshore/errdefs';

export type SqlValue = SQLInputValue;

export class Database implements Disposable {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #path: string;
  #depth = 0;
  #writes = 0;

  /** Creates the file when it is absent. The directory must exist. */
  constructor(path: string) {
    this.#path = path;
    this.#database = open(path);
  }

  /** Number of write transactions so far. */
  get writes(): number {
    return this.#writes;
  }

  /**
   * Runs the statements that bring `component`'s tables from their version to `steps.length`, each step in one
   * transaction. Steps are only ever appended. Throws failed-precondition when a newer release was here.
   */
  migrate(component: string, steps: readonly string[]): void {
    const row = this.get<{version: number}>('SELECT version FROM schema_versions WHERE component = ?', component);
    const version = row?.version ?? 0;
    if (version > steps.length) {
      throw new EngineError(
        'failed-precondition',
        `"${this.#path}" was written by a newer release (${component} ${version}, this one knows ${steps.length})`,
      );
    }
    for (let next = version; next < steps.length; next++) {
      this.transaction(() => {
        this.#database.exec(steps[next] as string);
        this.run('INSERT OR REPLACE INTO schema_versions (component, version) VALUES (?, ?)', component, next + 1);
      });
    }
  }

  get<Row>(sql: string, ...values: SqlValue[]): Row | undefined {
    return this.#statement(sql).get(...values) as Row | undefined;
  }

  all<Row>(sql: string, ...values: SqlValue[]): Row[] {
    return this.#statement(sql).all(...values) as Row[];
  }

  /** Returns the number of rows changed. */
  run(sql: string, ...values: SqlValue[]): number {
    return Number(this.#statement(sql).run(...values).changes);
  }

  /**
   * All of `action`'s changes or, when it throws, none; durable on return. A transaction inside another joins it. The
   * action must not wait. Throws resource-exhausted when the disk is full.
   */
  transaction<T>(action: () => T): T {
    if (this.#depth > 0) return action();
    this.#database.exec('BEGIN IMMEDIATE');
    this.#depth++;
    try {
      const result = action();
      this.#database.exec('COMMIT');
      this.#writes++;
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw asEngineError(error, this.#path);
    } finally {
      this.#depth--;
    }
  }

  [Symbol.dispose](): void {
    this.#statements.clear();
    this.#database.close();
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const made = this.#database.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }
}

function open(path: string): DatabaseSync {
  try {
    const database = new DatabaseSync(path);
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA foreign_keys = ON;
      PRAGMA busy_timeout = 5000;
      CREATE TABLE IF NOT EXISTS schema_versions (component TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT;
    `);
    return database;
  } catch (error) {
    throw asEngineError(error, path);
  }
}

/** SQLITE_FULL; a full disk under the WAL file shows as an I/O error with this text instead. */
const sqliteFull = 13;

function asEngineError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('errcode' in error)) return error;
  const isFull = error.errcode === sqliteFull || /disk is full/.test(error.message);
  return new EngineError(isFull ? 'resource-exhausted' : 'internal', `metadata database "${path}": ${error.message}`, {
    cause: error,
  });
}
