import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {callContext, discardLogger} from '@longshore/base';
import {codeOf} from '@longshore/errdefs';
import test, {type ExecutionContext} from 'ava';
import {snapshotterFixture} from '../../core/snapshots/fixture.ts';
import type {Snapshotter} from '../../core/snapshots/snapshotter.ts';
import {RecordingHooks, snapshotterContract} from '../../core/snapshots/snapshotter-contract.ts';
import {listenGrpc} from '../../services/listen.ts';
import {snapshotsService} from '../../services/snapshots/service.ts';
import {tempDir} from '../../test-support/store.ts';
import {Database} from '../metadata-db/database.ts';
import {openNative} from '../native/open-native.ts';
import {openProxySnapshotter} from './open-proxies.ts';

const ctx = callContext({namespace: 'a'});

/** A snapshotter in a "process" of its own: a native one behind a socket. */
async function serveSnapshotter(t: ExecutionContext) {
  const directory = tempDir(t);
  const database = new Database(join(directory, 'meta.db'));
  const root = join(directory, 'snapshots');
  const backend = await openNative({root, database, hooks: new RecordingHooks(), log: discardLogger()});
  const path = join(directory, 's.sock');
  const services = [snapshotsService({find: () => backend, events: {publish() {}}})];
  const limits = {maxReceive: 1 << 24, maxSend: 1 << 24};
  const server = await listenGrpc({path, uid: 0, gid: 0, ...limits, services, log: discardLogger()});
  t.teardown(async () => {
    await server[Symbol.asyncDispose]();
    await backend[Symbol.asyncDispose]();
    database[Symbol.dispose]();
  });
  return {address: path, backend, directories: () => readdirSync(join(root, 'snapshots'))};
}

async function fixture(t: ExecutionContext) {
  const served = await serveSnapshotter(t);
  const own = await snapshotterFixture(t, async parts => {
    parts.database.run('CREATE TABLE IF NOT EXISTS namespaces (name TEXT PRIMARY KEY, labels TEXT NOT NULL)');
    for (const name of ['a', 'b']) parts.database.run('INSERT OR IGNORE INTO namespaces VALUES (?, ?)', name, '{}');
    return openProxySnapshotter({name: 'remote', address: served.address}, parts);
  });
  return {...own, ...served};
}

snapshotterContract(
  test,
  async t => ({...(await fixture(t)), contentOf: mounts => mounts[0]?.source ?? ''}),
  {mapsIds: true}, // whether it does is for the other side to say
);

const keys = async (backend: Snapshotter) => {
  const names: string[] = [];
  for await (const {name} of backend.walk(ctx)) names.push(name);
  return names;
};

test('the other side knows snapshots by keys of ours, and only gets labels that are for it', async t => {
  const {snapshotter, backend} = await fixture(t);
  await snapshotter.prepare(ctx, 'work', '', {mine: '1', 'containerd.io/snapshot/cri': 'x'});
  const [key = ''] = await keys(backend);
  t.is(key, 'a/1/work');
  const {labels} = await backend.stat(ctx, key);
  t.deepEqual(Object.keys(labels).sort(), ['containerd.io/gc.root', 'containerd.io/snapshot/cri']);
  await snapshotter.commit(ctx, 'base', 'work');
  await snapshotter.remove(ctx, 'base');
  t.deepEqual(await keys(backend), []);
});

test('what a dead daemon left over there is cleaned up, and nothing else', async t => {
  const {snapshotter, backend} = await fixture(t);
  await snapshotter.prepare(ctx, 'x', '');
  await snapshotter.commit(ctx, 'kept', 'x');
  await snapshotter.prepare(ctx, 'y', 'kept');
  snapshotter.removeNodes([{namespace: 'a', name: 'y'}]);
  await backend.prepare(ctx, 'somebody/elses', '');
  await backend.prepare(ctx, 'a/999/future', '');
  await snapshotter.cleanup(ctx);
  t.deepEqual(await keys(backend), ['a/1/kept', 'a/999/future', 'somebody/elses']);
});

test('a commit that was done but not recorded can be done again', async t => {
  const {snapshotter, backend} = await fixture(t);
  await snapshotter.prepare(ctx, 'x', '');
  await backend.commit(ctx, 'a/1/base', 'a/1/x');
  await snapshotter.commit(ctx, 'base', 'x');
  t.is((await snapshotter.stat(ctx, 'base')).kind, 'committed');
});

test('a snapshot that the other side made by itself is taken over', async t => {
  const {snapshotter, backend, hooks} = await fixture(t);
  const labels = {'containerd.io/snapshot.ref': 'chain'};
  await backend.prepare(ctx, 'lazy', '');
  await backend.commit(ctx, 'chain', 'lazy', labels);
  const refused = await t.throwsAsync(snapshotter.prepare(ctx, 'extract-1 chain', '', labels));
  t.is(codeOf(refused), 'already-exists');
  t.like(await snapshotter.stat(ctx, 'chain'), {kind: 'committed', parent: ''});
  t.deepEqual(hooks.calls, ['+chain']);
  await snapshotter.prepare(ctx, 'child', 'chain');
  t.is((await backend.stat(ctx, 'a/3/child')).parent, 'chain');
});

test('while the other side is away calls fail and records stay', async t => {
  const own = await snapshotterFixture(t, async parts => {
    return openProxySnapshotter({name: 'remote', address: '/nosuch/socket'}, parts);
  });
  const error = await t.throwsAsync(own.snapshotter.prepare(ctx, 'x', ''));
  t.is(codeOf(error), 'unavailable');
  t.deepEqual(own.snapshotter.listNodes(), []);
});
