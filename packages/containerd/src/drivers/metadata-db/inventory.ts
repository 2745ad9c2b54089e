/**
 * What the garbage collector has to know of every record, and no more: it runs while all requests wait, so whole
 * records with their specifications and times are too much.
 */
import type {StoredInventory} from '../../core/gc/garbage.ts';
import {parseTime} from '../../core/time.ts';
import {type Row, readMap} from './columns.ts';
import type {Database} from './database.ts';

export function readInventory(database: Database): StoredInventory {
  const rows = (columns: string, table: string) => database.all<Row>(`SELECT namespace, ${columns} FROM ${table}`);
  return {
    blobs: rows('digest, labels', 'blobs').map(row => named(row, {digest: text(row, 'digest'), labels: gcLabels(row)})),
    images: rows('name, labels, digest', 'images').map(row =>
      named(row, {name: text(row, 'name'), labels: gcLabels(row), target: {digest: text(row, 'digest')}}),
    ),
    containers: rows('id, labels, snapshotter, snapshot_key', 'containers').map(row =>
      named(row, {
        id: text(row, 'id'),
        labels: gcLabels(row),
        snapshotter: text(row, 'snapshotter'),
        snapshotKey: text(row, 'snapshot_key'),
      }),
    ),
    sandboxes: rows('id, labels', 'sandboxes').map(row => named(row, {id: text(row, 'id'), labels: gcLabels(row)})),
    mounts: rows('name, labels, is_complete', 'mounts').map(row =>
      named(row, {name: text(row, 'name'), labels: gcLabels(row), isComplete: row.is_complete === 1}),
    ),
    leases: rows('id, labels', 'leases').map(row => named(row, {id: text(row, 'id'), labels: gcLabels(row)})),
    leaseResources: rows('lease, type, id', 'lease_resources').map(row => ({
      namespace: text(row, 'namespace'),
      lease: text(row, 'lease'),
      resource: {type: text(row, 'type'), id: text(row, 'id')},
    })),
    ingests: rows('ref, key, expected, expires_at', 'ingests').map(row => {
      const expiresAt = row.expires_at === null ? undefined : parseTime(text(row, 'expires_at'));
      const record = {ref: text(row, 'ref'), key: text(row, 'key'), expected: text(row, 'expected')};
      return named(row, {...record, ...(expiresAt && {expiresAt})});
    }),
  };
}

function text(row: Row, column: string): string {
  return row[column] as string;
}

function named<Record>(row: Row, record: Record): {namespace: string; record: Record} {
  return {namespace: text(row, 'namespace'), record};
}

const noLabels = {};

/** Labels that say nothing about garbage are not worth parsing. */
function gcLabels(row: Row): {readonly [key: string]: string} {
  return text(row, 'labels').includes('containerd.io/gc.') ? readMap(row, 'labels') : noLabels;
}
