import test from 'ava';
import {fromMilliseconds, parseTime, type Timestamp} from '../time.ts';
import {findGarbage, type Inventory} from './garbage.ts';

const time = parseTime('2026-11-21T00:00:00Z') as Timestamp;
const past = '2026-11-20T00:00:00Z';
const future = '2026-11-22T00:00:00Z';
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;

type Parts = {[Key in keyof Inventory]?: Inventory[Key]};

const inventory = (parts: Parts): Inventory => ({
  blobs: [],
  images: [],
  containers: [],
  sandboxes: [],
  mounts: [],
  leases: [],
  leaseResources: [],
  ingests: [],
  snapshots: [],
  activeIngests: new Set(),
  ...parts,
});

const blob = (letter: string, labels = {}, namespace = 'n') => ({namespace, record: {digest: digest(letter), labels}});
const image = (name: string, letter: string, labels = {}, namespace = 'n') => ({
  namespace,
  record: {name, labels, target: {mediaType: 'x', digest: digest(letter), size: 1, annotations: {}}},
});
const snapshot = (name: string, parent = '', labels = {}, snapshotter = 'overlayfs', namespace = 'n') => ({
  ...{snapshotter, namespace, name, parent, labels},
});
const lease = (id: string, labels = {}, namespace = 'n') => ({namespace, record: {id, labels}});
const resource = (id: string, type: string, key: string, namespace = 'n') => ({
  ...{namespace, lease: id, resource: {type, id: key}},
});

const swept = (parts: Parts) => {
  const garbage = findGarbage(inventory(parts), time);
  return {
    blobs: garbage.blobs.map(({digest: found}) => found[7]).join(''),
    snapshots: garbage.snapshots.map(({name}) => name).join(' '),
    images: garbage.images.map(({name}) => name).join(' '),
    leases: garbage.leases.map(({id}) => id).join(' '),
    ingests: garbage.ingests.map(({record}) => record.ref).join(' '),
  };
};

const mount = (name: string, labels = {}, isComplete = true) => ({namespace: 'n', record: {name, labels, isComplete}});

const nothing = {blobs: '', snapshots: '', images: '', leases: '', ingests: ''};

test('without roots everything goes', t => {
  t.deepEqual(swept({blobs: [blob('a')], snapshots: [snapshot('s')]}), {...nothing, blobs: 'a', snapshots: 's'});
});

test('an image keeps its target and what the labels of content name, through any depth', t => {
  const parts = {
    images: [image('i', 'a')],
    blobs: [
      blob('a', {'containerd.io/gc.ref.content.config': digest('b'), 'containerd.io/gc.ref.content.l.0': digest('c')}),
      blob('b', {'containerd.io/gc.ref.snapshot.overlayfs': 'top'}),
      blob('c', {'containerd.io/gc.ref.content/d': digest('d')}),
      blob('d'),
      blob('e'),
    ],
    snapshots: [snapshot('top', 'base'), snapshot('base'), snapshot('other', 'base')],
  };
  t.deepEqual(swept(parts), {...nothing, blobs: 'e', snapshots: 'other'});
});

test('references stay in their namespace and with their snapshotter', t => {
  const parts = {
    images: [image('i', 'a')],
    blobs: [blob('a', {'containerd.io/gc.ref.snapshot.overlayfs/x': 's'}), blob('a', {}, 'other')],
    snapshots: [snapshot('s'), snapshot('s', '', {}, 'native'), snapshot('s', '', {}, 'overlayfs', 'other')],
  };
  const garbage = findGarbage(inventory(parts), time);
  t.deepEqual(garbage.blobs, [{namespace: 'other', digest: digest('a')}]);
  t.deepEqual(garbage.snapshots, [
    {snapshotter: 'native', namespace: 'n', name: 's'},
    {snapshotter: 'overlayfs', namespace: 'other', name: 's'},
  ]);
});

test('gc.root, containers and sandboxes are roots', t => {
  const container = {id: 'c', labels: {'containerd.io/gc.ref.content': digest('b')}, snapshotter: 'overlayfs'};
  const parts = {
    blobs: [blob('a', {'containerd.io/gc.root': past}), blob('b'), blob('c'), blob('d')],
    snapshots: [snapshot('rw', 'ro'), snapshot('ro'), snapshot('kept', '', {'containerd.io/gc.root': past})],
    containers: [{namespace: 'n', record: {...container, snapshotKey: 'rw'}}],
    sandboxes: [{namespace: 'n', record: {id: 's', labels: {'containerd.io/gc.ref.content.x': digest('c')}}}],
  };
  t.deepEqual(swept(parts), {...nothing, blobs: 'd'});
});

test('a lease keeps its resources and what those refer to, until it expires', t => {
  const parts = (labels: object) => ({
    leases: [lease('l', labels)],
    leaseResources: [
      resource('l', 'content', digest('a')),
      resource('l', 'snapshots/overlayfs', 'top'),
      resource('l', 'ingests', 'in'),
      resource('l', 'images', 'expired'),
    ],
    images: [image('expired', 'c', {'containerd.io/gc.expire': past})],
    blobs: [blob('a', {'containerd.io/gc.ref.content.0': digest('b')}), blob('b'), blob('c'), blob('d')],
    snapshots: [snapshot('top', 'base'), snapshot('base')],
    ingests: [{namespace: 'n', record: {ref: 'in', key: 'n/1/in', expected: digest('d')}}],
  });
  t.deepEqual(swept(parts({})), nothing);
  t.deepEqual(swept(parts({'containerd.io/gc.expire': future})), nothing);
  t.deepEqual(swept(parts({'containerd.io/gc.expire': 'rubbish'})), nothing);
  const all = {blobs: 'abcd', snapshots: 'top base', images: 'expired', leases: 'l', ingests: 'in'};
  t.deepEqual(swept(parts({'containerd.io/gc.expire': past})), all);
});

test('a flat lease keeps its resources and the parents of snapshots only', t => {
  const parts = {
    leases: [lease('l', {'containerd.io/gc.flat': past})],
    leaseResources: [resource('l', 'content', digest('a')), resource('l', 'snapshots/overlayfs', 'top')],
    blobs: [blob('a', {'containerd.io/gc.ref.content.0': digest('b')}), blob('b'), blob('c')],
    snapshots: [snapshot('top', 'base', {'containerd.io/gc.ref.content': digest('c')}), snapshot('base')],
  };
  t.deepEqual(swept(parts), {...nothing, blobs: 'bc'});
});

test('images expire, and gc.ref.image keeps one all the same', t => {
  const expiring = image('old', 'a', {'containerd.io/gc.expire': past});
  t.deepEqual(swept({images: [expiring], blobs: [blob('a')]}), {...nothing, images: 'old', blobs: 'a'});
  const keeper = image('keeper', 'b', {'containerd.io/gc.ref.image.x': 'old'});
  t.deepEqual(swept({images: [expiring, keeper], blobs: [blob('a'), blob('b')]}), nothing);
});

test('a back reference keeps the labelled object while the named one lives', t => {
  const labelled = blob('b', {'containerd.io/gc.bref.content.x': digest('a')});
  t.deepEqual(swept({images: [image('i', 'a')], blobs: [blob('a'), labelled]}), nothing);
  t.deepEqual(swept({blobs: [blob('a'), labelled]}), {...nothing, blobs: 'ab'});
});

test('ingests live until they expire, and while somebody writes them', t => {
  const ingest = (expiresAt: Timestamp | undefined) => [
    {namespace: 'n', record: {ref: 'r', key: 'n/1/r', expected: digest('a'), ...(expiresAt && {expiresAt})}},
  ];
  const blobs = [blob('a')];
  t.deepEqual(swept({ingests: ingest(parseTime(future)), blobs}), nothing);
  t.deepEqual(swept({ingests: ingest(parseTime(past)), blobs}), {...nothing, ingests: 'r', blobs: 'a'});
  t.deepEqual(swept({ingests: ingest(undefined), blobs}), {...nothing, ingests: 'r', blobs: 'a'});
  t.deepEqual(swept({ingests: ingest(parseTime(past)), blobs, activeIngests: new Set(['n/r'])}), nothing);
});

test('the next expiry is the earliest of those that live', t => {
  const later = fromMilliseconds(Date.parse(future) + 5000);
  const found = findGarbage(
    inventory({
      leases: [
        lease('a', {'containerd.io/gc.expire': future}),
        lease('b', {'containerd.io/gc.expire': past}),
        lease('c', {'containerd.io/gc.expire': '2027-01-01T00:00:00Z'}),
      ],
      ingests: [{namespace: 'n', record: {ref: 'r', key: 'k', expected: '', expiresAt: later}}],
    }),
    time,
  );
  t.deepEqual(found.nextExpiry, parseTime(future));
});

test('cycles of references end', t => {
  const ring = [
    blob('a', {'containerd.io/gc.ref.content': digest('b')}),
    blob('b', {'containerd.io/gc.ref.content': digest('a')}),
  ];
  t.deepEqual(swept({blobs: ring}), {...nothing, blobs: 'ab'});
  t.deepEqual(swept({blobs: ring, images: [image('i', 'a')]}), nothing);
});

test('a mount lives by a lease, by a label that names what it is for, or while it is being made', t => {
  const parts = {
    mounts: [
      mount('leased'),
      mount('of-container', {'containerd.io/gc.bref.container': 'c'}),
      mount('of-gone', {'containerd.io/gc.bref.container.x': 'gone'}),
      mount('of-snapshot', {'containerd.io/gc.bref.snapshot.overlayfs': 's'}),
      mount('rooted', {'containerd.io/gc.root': 'now'}),
      mount('begun', {}, false),
      mount('forgotten'),
    ],
    containers: [{namespace: 'n', record: {id: 'c', labels: {}, snapshotter: 'overlayfs', snapshotKey: 's'}}],
    leases: [lease('l', {'containerd.io/gc.flat': 'yes'})],
    leaseResources: [resource('l', 'mounts', 'leased')],
    snapshots: [snapshot('s')],
  };
  const garbage = findGarbage(inventory(parts), time);
  t.deepEqual(garbage.mounts, [
    {namespace: 'n', name: 'of-gone'},
    {namespace: 'n', name: 'forgotten'},
  ]);
  t.deepEqual(garbage.snapshots, []);
});
