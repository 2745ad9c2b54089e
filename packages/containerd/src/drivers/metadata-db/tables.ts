/** One description per table: its columns, and a record to and from a row. */
import type {
  BlobRecord,
  ContainerRecord,
  ImageRecord,
  IngestRecord,
  LeaseRecord,
  SandboxRecord,
} from '../../core/metadata/records.ts';
import type {ActivationRecord} from '../../core/mounts/activation.ts';
import type {Mount} from '../../core/snapshots/snapshotter.ts';
import {formatTime, parseTime, type Timestamp} from '../../core/time.ts';
import {
  extensionsText,
  jsonText,
  optionalTime,
  type Row,
  readExtensions,
  readMap,
  readOptionalTime,
  readTime,
  readTyped,
  typedColumns,
} from './columns.ts';
import type {SqlValue} from './database.ts';

export interface TableSpec<Record> {
  name: string;
  /** Without `namespace`; the first is the key. */
  columns: readonly string[];
  /** Values in the order of `columns`. */
  encode(record: Record): SqlValue[];
  decode(row: Row): Record;
}

const times = (record: {createdAt: Parameters<typeof formatTime>[0]; updatedAt: Parameters<typeof formatTime>[0]}) => [
  formatTime(record.createdAt),
  formatTime(record.updatedAt),
];
const readTimes = (row: Row) => ({createdAt: readTime(row, 'created_at'), updatedAt: readTime(row, 'updated_at')});
const text = (row: Row, column: string) => row[column] as string;

function readRuntime(row: Row): ContainerRecord['runtime'] {
  const options = readTyped(row, 'runtime_options');
  return {name: text(row, 'runtime'), ...(options && {options})};
}

function readSpec(row: Row): {spec?: NonNullable<ContainerRecord['spec']>} {
  const spec = readTyped(row, 'spec');
  return spec ? {spec} : {};
}

export const containersTable: TableSpec<ContainerRecord> = {
  name: 'containers',
  columns: [
    ...['id', 'labels', 'image', 'runtime', 'runtime_options_type', 'runtime_options', 'spec_type', 'spec'],
    ...['snapshotter', 'snapshot_key', 'extensions', 'sandbox', 'created_at', 'updated_at'],
  ],
  encode: record => [
    ...[record.id, jsonText(record.labels), record.image, record.runtime.name],
    ...typedColumns(record.runtime.options),
    ...typedColumns(record.spec),
    ...[record.snapshotter, record.snapshotKey, extensionsText(record.extensions), record.sandbox],
    ...times(record),
  ],
  decode: row => ({
    id: text(row, 'id'),
    labels: readMap(row, 'labels'),
    image: text(row, 'image'),
    runtime: readRuntime(row),
    ...readSpec(row),
    snapshotter: text(row, 'snapshotter'),
    snapshotKey: text(row, 'snapshot_key'),
    extensions: readExtensions(row),
    sandbox: text(row, 'sandbox'),
    ...readTimes(row),
  }),
};

export const imagesTable: TableSpec<ImageRecord> = {
  name: 'images',
  columns: ['name', 'labels', 'media_type', 'digest', 'size', 'annotations', 'created_at', 'updated_at'],
  encode: ({name, labels, target, ...record}) => [
    ...[name, jsonText(labels), target.mediaType, target.digest, target.size, jsonText(target.annotations)],
    ...times(record),
  ],
  decode: row => ({
    name: text(row, 'name'),
    labels: readMap(row, 'labels'),
    target: {
      mediaType: text(row, 'media_type'),
      digest: text(row, 'digest'),
      size: row.size as number,
      annotations: readMap(row, 'annotations'),
    },
    ...readTimes(row),
  }),
};

export const blobsTable: TableSpec<BlobRecord> = {
  name: 'blobs',
  columns: ['digest', 'size', 'labels', 'created_at', 'updated_at'],
  encode: record => [record.digest, record.size, jsonText(record.labels), ...times(record)],
  decode: row => ({
    digest: text(row, 'digest'),
    size: row.size as number,
    labels: readMap(row, 'labels'),
    ...readTimes(row),
  }),
};

export const ingestsTable: TableSpec<IngestRecord> = {
  name: 'ingests',
  columns: ['ref', 'key', 'expected', 'expires_at'],
  encode: record => [record.ref, record.key, record.expected, optionalTime(record.expiresAt)],
  decode: row => {
    const expiresAt = readOptionalTime(row, 'expires_at');
    return {
      ref: text(row, 'ref'),
      key: text(row, 'key'),
      expected: text(row, 'expected'),
      ...(expiresAt && {expiresAt}),
    };
  },
};

export const leasesTable: TableSpec<LeaseRecord> = {
  name: 'leases',
  columns: ['id', 'labels', 'created_at'],
  encode: record => [record.id, jsonText(record.labels), formatTime(record.createdAt)],
  decode: row => ({id: text(row, 'id'), labels: readMap(row, 'labels'), createdAt: readTime(row, 'created_at')}),
};

export const sandboxesTable: TableSpec<SandboxRecord> = {
  name: 'sandboxes',
  columns: [
    ...['id', 'labels', 'runtime', 'runtime_options_type', 'runtime_options', 'spec_type', 'spec', 'sandboxer'],
    ...['extensions', 'created_at', 'updated_at'],
  ],
  encode: record => [
    ...[record.id, jsonText(record.labels), record.runtime.name],
    ...typedColumns(record.runtime.options),
    ...typedColumns(record.spec),
    ...[record.sandboxer, extensionsText(record.extensions)],
    ...times(record),
  ],
  decode: row => ({
    id: text(row, 'id'),
    labels: readMap(row, 'labels'),
    runtime: readRuntime(row),
    ...readSpec(row),
    sandboxer: text(row, 'sandboxer'),
    extensions: readExtensions(row),
    ...readTimes(row),
  }),
};

export const mountsTable: TableSpec<ActivationRecord> = {
  name: 'mounts',
  columns: ['name', 'id', 'labels', 'active', 'system', 'is_complete'],
  encode: ({name, id, labels, active, system, isComplete}) => [
    ...[name, id, jsonText(labels)],
    jsonText(active.map(({mount, mountPoint, mountedAt}) => ({mount, mountPoint, mountedAt: formatTime(mountedAt)}))),
    jsonText(system),
    isComplete ? 1 : 0,
  ],
  decode: row => ({
    name: text(row, 'name'),
    id: row.id as number,
    labels: readMap(row, 'labels'),
    active: (JSON.parse(text(row, 'active')) as StoredActiveMount[]).map(({mountedAt, ...rest}) => ({
      ...rest,
      mountedAt: parseTime(mountedAt) as Timestamp,
    })),
    system: JSON.parse(text(row, 'system')) as Mount[],
    isComplete: row.is_complete === 1,
  }),
};

type StoredActiveMount = {mount: Mount; mountPoint: string; mountedAt: string};
