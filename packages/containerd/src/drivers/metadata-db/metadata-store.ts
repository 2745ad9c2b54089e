/** The metadata store of the daemon: every table over the one database. */
import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import type {LeaseResource, NamespaceRecord} from '../../core/metadata/records.ts';
import type {LeaseResourceTable, MetadataStore, NamespaceTable} from '../../core/metadata/store.ts';
import {jsonText, type Row, readMap} from './columns.ts';
import {Database} from './database.ts';
import {readInventory} from './inventory.ts';
import {schema} from './schema.ts';
import {SqlTable} from './sql-table.ts';
import {
  blobsTable,
  containersTable,
  imagesTable,
  ingestsTable,
  leasesTable,
  mountsTable,
  sandboxesTable,
} from './tables.ts';

export interface SqlMetadataStore extends MetadataStore, Disposable {
  /** For drivers with tables of their own in the same file. */
  readonly database: Database;
}

/** Opens or creates `<directory>/meta.db`. */
export function openMetadataStore(directory: string): SqlMetadataStore {
  mkdirSync(directory, {recursive: true, mode: 0o700});
  const database = new Database(join(directory, 'meta.db'));
  try {
    database.migrate('metadata', schema);
    return makeStore(database);
  } catch (error) {
    database[Symbol.dispose]();
    throw error;
  }
}

function makeStore(database: Database): SqlMetadataStore {
  return {
    database,
    namespaces: namespaceTable(database),
    containers: new SqlTable(database, containersTable),
    images: new SqlTable(database, imagesTable),
    blobs: new SqlTable(database, blobsTable),
    ingests: new SqlTable(database, ingestsTable),
    leases: new SqlTable(database, leasesTable),
    leaseResources: leaseResourceTable(database),
    sandboxes: new SqlTable(database, sandboxesTable),
    mounts: new SqlTable(database, mountsTable),
    nextSequence() {
      database.run('UPDATE sequence SET value = value + 1');
      return database.get<{value: number}>('SELECT value FROM sequence')?.value as number;
    },
    inventory: () => readInventory(database),
    namespacesOfBlob(digest) {
      const rows = database.all<Row>('SELECT namespace FROM blobs WHERE digest = ? ORDER BY namespace', digest);
      return rows.map(row => row.namespace as string);
    },
    write: action => database.transaction(action),
    [Symbol.dispose]: () => database[Symbol.dispose](),
  };
}

function namespaceTable(database: Database): NamespaceTable {
  const decode = (row: Row): NamespaceRecord => ({name: row.name as string, labels: readMap(row, 'labels')});
  return {
    get(name) {
      const row = database.get<Row>('SELECT * FROM namespaces WHERE name = ?', name);
      return row && decode(row);
    },
    list: () => database.all<Row>('SELECT * FROM namespaces ORDER BY name').map(decode),
    put({name, labels}) {
      database.run('INSERT OR REPLACE INTO namespaces (name, labels) VALUES (?, ?)', name, jsonText(labels));
    },
    delete: name => database.run('DELETE FROM namespaces WHERE name = ?', name) > 0,
  };
}

function leaseResourceTable(database: Database): LeaseResourceTable {
  const decode = (row: Row): LeaseResource => ({type: row.type as string, id: row.id as string});
  const one = 'namespace = ? AND lease = ? AND type = ? AND id = ?';
  return {
    list: (namespace, lease) =>
      database
        .all<Row>(`SELECT * FROM lease_resources WHERE namespace = ? AND lease = ? ORDER BY type, id`, namespace, lease)
        .map(decode),
    add(namespace, lease, {type, id}) {
      const sql = 'INSERT OR IGNORE INTO lease_resources (namespace, lease, type, id) VALUES (?, ?, ?, ?)';
      database.run(sql, namespace, lease, type, id);
    },
    delete(namespace, lease, {type, id}) {
      database.run(`DELETE FROM lease_resources WHERE ${one}`, namespace, lease, type, id);
    },
    deleteEverywhere(namespace, {type, id}) {
      database.run('DELETE FROM lease_resources WHERE namespace = ? AND type = ? AND id = ?', namespace, type, id);
    },
  };
}
