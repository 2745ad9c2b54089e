/** What records name and what is there: resources of leases, targets of images, snapshots of containers. */
import type {Database} from '../metadata-db/database.ts';
import {hasTable} from './check-snapshots.ts';
import {damage, type Report} from './problem.ts';

export function checkReferences(database: Database, report: Report): void {
  checkLeases(database, report);
  const images = `
    SELECT i.namespace, i.name, i.digest FROM images i
    WHERE NOT EXISTS (SELECT 1 FROM blobs b WHERE b.namespace = i.namespace AND b.digest = i.digest)`;
  for (const {namespace, name, digest} of database.all<{namespace: string; name: string; digest: string}>(images)) {
    report(damage('image-target', namespace, name, `its target ${digest} is not there`));
  }
  if (!hasTable(database, 'snapshots')) return;
  const containers = `
    SELECT c.namespace, c.id, c.snapshotter, c.snapshot_key AS key FROM containers c
    WHERE c.snapshotter <> '' AND c.snapshot_key <> '' AND NOT EXISTS (
      SELECT 1 FROM snapshots s
      WHERE s.snapshotter = c.snapshotter AND s.namespace = c.namespace AND s.name = c.snapshot_key)`;
  type ContainerRow = {namespace: string; id: string; snapshotter: string; key: string};
  for (const {namespace, id, snapshotter, key} of database.all<ContainerRow>(containers)) {
    report(damage('container-snapshot', namespace, id, `its snapshot ${snapshotter}/${key} is not there`));
  }
}

type ResourceRow = {namespace: string; lease: string; type: string; id: string};

function checkLeases(database: Database, report: Report): void {
  for (const {namespace, lease, type, id} of database.all<ResourceRow>('SELECT * FROM lease_resources')) {
    const fault = (detail: string) => report(damage('lease-resource', namespace, `${lease}: ${type} ${id}`, detail));
    const leases = 'SELECT 1 FROM leases WHERE namespace = ? AND id = ?';
    if (database.get(leases, namespace, lease) === undefined) fault('its lease is not there');
    const found = exists(database, namespace, type, id);
    if (found === undefined) fault(`"${type}" is no type of resource`);
    else if (!found) fault('the resource is not there');
  }
}

/** Undefined for a type that is none. */
function exists(database: Database, namespace: string, type: string, id: string): boolean | undefined {
  const [kind = '', snapshotter] = type.split('/');
  if (kind === 'snapshots' && snapshotter !== undefined) {
    if (!hasTable(database, 'snapshots')) return false;
    const sql = 'SELECT 1 FROM snapshots WHERE snapshotter = ? AND namespace = ? AND name = ?';
    return database.get(sql, snapshotter, namespace, id) !== undefined;
  }
  const tables: {readonly [type: string]: string} = {
    content: 'SELECT 1 FROM blobs WHERE namespace = ? AND digest = ?',
    ingests: 'SELECT 1 FROM ingests WHERE namespace = ? AND ref = ?',
    images: 'SELECT 1 FROM images WHERE namespace = ? AND name = ?',
  };
  const sql = Object.hasOwn(tables, type) ? tables[type] : undefined;
  return sql === undefined ? undefined : database.get(sql, namespace, id) !== undefined;
}
