import {join} from 'node:path';
import {codeOf, EngineError} from '@longshore/errdefs';
import test from 'ava';
import type {ContainerRecord, ImageRecord} from '../../core/metadata/records.ts';
import {parseTime, type Timestamp} from '../../core/time.ts';
import {openTestMetadata, tempDir} from '../../test-support/store.ts';
import {Database} from './database.ts';
import {openMetadataStore} from './metadata-store.ts';

const time = parseTime('2026-11-21T02:37:54.977378267Z') as Timestamp;

const container: ContainerRecord = {
  id: 'c1',
  labels: {a: 'b', 'x.y/z': 'ü "quoted"'},
  image: 'docker.io/library/busybox:latest',
  runtime: {
    name: 'io.containerd.runc.v2',
    options: {typeUrl: 'containerd.runc.v1.Options', value: Buffer.from([1, 0, 255])},
  },
  spec: {typeUrl: 'types.containerd.io/opencontainers/runtime-spec/1/Spec', value: Buffer.from('{}')},
  snapshotter: 'overlayfs',
  snapshotKey: 'c1',
  extensions: {e: {typeUrl: 'x', value: Buffer.from([7])}},
  sandbox: 's',
  createdAt: time,
  updatedAt: time,
};

const image: ImageRecord = {
  name: 'busybox',
  labels: {},
  target: {mediaType: 'm', digest: 'sha256:x', size: 2 ** 40, annotations: {k: 'v'}},
  createdAt: time,
  updatedAt: time,
};

/** Bytes read back are Uint8Arrays, those put were Buffers. */
const bytes = (record: ContainerRecord | undefined) => [
  [...(record?.runtime.options?.value ?? [])],
  [...(record?.spec?.value ?? [])],
  [...(record?.extensions.e?.value ?? [])],
];
const withoutBytes = (record: ContainerRecord | undefined) => ({
  ...record,
  runtime: {...record?.runtime, options: record?.runtime.options?.typeUrl},
  spec: record?.spec?.typeUrl,
  extensions: Object.keys(record?.extensions ?? {}),
});

test('records come back as they were put, with nanoseconds and bytes', t => {
  const metadata = openTestMetadata(t);
  metadata.containers.put('n', container);
  metadata.images.put('n', image);
  const found = metadata.containers.get('n', 'c1');
  t.deepEqual(bytes(found), bytes(container));
  t.deepEqual(withoutBytes(found), withoutBytes(container));
  t.deepEqual(metadata.images.get('n', 'busybox'), image);
  t.is(metadata.containers.get('other', 'c1'), undefined);
  t.deepEqual(metadata.namespaces.list(), [{name: 'n', labels: {}}]);
});

test('optional parts may be absent', t => {
  const metadata = openTestMetadata(t);
  const {spec: _spec, ...rest} = container;
  metadata.containers.put('n', {...rest, runtime: {name: 'r'}});
  const found = metadata.containers.get('n', 'c1');
  t.false('spec' in (found as object));
  t.deepEqual(found?.runtime, {name: 'r'});
});

test('everything is there after a restart, and numbers are not given out twice', t => {
  const directory = tempDir(t);
  const first = openMetadataStore(directory);
  first.images.put('n', image);
  const numbers = [first.nextSequence(), first.nextSequence()];
  first[Symbol.dispose]();
  const second = openMetadataStore(directory);
  t.deepEqual(second.images.list('n'), [image]);
  t.false(numbers.includes(second.nextSequence()));
  second[Symbol.dispose]();
});

test('a transaction that throws leaves nothing, also inside another', t => {
  const metadata = openTestMetadata(t);
  t.throws(() =>
    metadata.write(() => {
      metadata.write(() => metadata.images.put('n', image));
      throw new EngineError('conflict', 'stop');
    }),
  );
  t.deepEqual(metadata.images.list('n'), []);
  t.deepEqual(metadata.namespaces.list(), []);
});

test('putting a lease again keeps its resources, deleting it does not', t => {
  const metadata = openTestMetadata(t);
  const lease = {id: 'l', labels: {}, createdAt: time};
  metadata.leases.put('n', lease);
  metadata.leaseResources.add('n', 'l', {type: 'content', id: 'x'});
  metadata.leaseResources.add('n', 'l', {type: 'content', id: 'x'});
  metadata.leases.put('n', {...lease, labels: {changed: 'yes'}});
  t.deepEqual(metadata.leaseResources.list('n', 'l'), [{type: 'content', id: 'x'}]);
  metadata.leases.delete('n', 'l');
  t.deepEqual(metadata.leaseResources.list('n', 'l'), []);
});

test('listAll() reads more than a page, in order, over namespaces', t => {
  const metadata = openTestMetadata(t);
  metadata.write(() => {
    for (let i = 0; i < 1203; i++)
      metadata.images.put(i % 2 ? 'a' : 'b', {...image, name: `i${String(i).padStart(5, '0')}`});
  });
  const all = [...metadata.images.listAll()].map(({namespace, record}) => `${namespace}/${record.name}`);
  t.is(all.length, 1203);
  t.deepEqual(all, [...all].sort());
});

test('a database of a newer release is refused', t => {
  const directory = tempDir(t);
  openMetadataStore(directory)[Symbol.dispose]();
  const database = new Database(join(directory, 'meta.db'));
  database.run("UPDATE schema_versions SET version = 99 WHERE component = 'metadata'");
  database[Symbol.dispose]();
  t.is(codeOf(t.throws(() => openMetadataStore(directory))), 'failed-precondition');
});
