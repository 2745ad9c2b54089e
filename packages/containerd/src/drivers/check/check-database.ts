/** The database as such: its pages, its references, and whether every record can be read. */
import {messageOf} from '@longshore/errdefs';
import type {Row} from '../metadata-db/columns.ts';
import type {Database} from '../metadata-db/database.ts';
import {
  blobsTable,
  containersTable,
  imagesTable,
  ingestsTable,
  leasesTable,
  sandboxesTable,
  type TableSpec,
} from '../metadata-db/tables.ts';
import {damage, type Report} from './problem.ts';

const specs: readonly TableSpec<unknown>[] = [
  blobsTable,
  containersTable,
  imagesTable,
  ingestsTable,
  leasesTable,
  sandboxesTable,
] as never;

/** False when it is so broken that nothing else can be looked at. */
export function checkDatabase(database: Database, path: string, report: Report): boolean {
  const findings = database.all<{integrity_check: string}>('PRAGMA integrity_check');
  const broken = findings.map(row => row.integrity_check).filter(text => text !== 'ok');
  for (const text of broken) report(damage('database', '', path, text));
  if (broken.length > 0) return false;
  for (const {table, parent} of database.all<{table: string; parent: string}>('PRAGMA foreign_key_check')) {
    report(damage('database-reference', '', table, `a row of ${table} refers to one of ${parent} that is not there`));
  }
  for (const spec of specs) checkRecords(database, spec, report);
  return true;
}

function checkRecords(database: Database, {name, columns, decode}: TableSpec<unknown>, report: Report): void {
  const namespaces = new Set(database.all<{name: string}>('SELECT name FROM namespaces').map(row => row.name));
  for (const row of database.all<Row>(`SELECT * FROM ${name}`)) {
    const [namespace, key] = [String(row.namespace), String(row[columns[0] as string])];
    const object = `${name}/${key}`;
    if (!namespaces.has(namespace)) report(damage('namespace', namespace, object, 'its namespace has no record'));
    try {
      decode(row);
    } catch (error) {
      report(damage('record', namespace, object, `cannot be read: ${messageOf(error)}`));
    }
  }
}
