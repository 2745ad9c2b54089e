/** What every snapshotter must do: its test calls this with a way to open one. Tests only. */
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type CallContext, callContext} from '@longshore/base';
import {codeOf, type ErrorCode} from '@longshore/errdefs';
import type {ExecutionContext, TestFn} from 'ava';
import type {SnapshotHooks, SnapshotInfo, Snapshotter} from './snapshotter.ts';

export interface Opened {
  snapshotter: Snapshotter;
  /** Directory that an active snapshot's content can be written to without mounting it. */
  contentOf(mounts: {source: string; options: string[]}[]): string;
  hooks: RecordingHooks;
  /** Opens another snapshotter over the same files, as after a restart. */
  reopen(): Promise<Snapshotter>;
}

/** Remembers what a snapshotter told it, as `+key` and `-key`. */
export class RecordingHooks implements SnapshotHooks {
  calls: string[] = [];
  created(ctx: CallContext, _snapshotter: string, key: string): void {
    if (ctx.lease === 'gone') throw new Error('lease is gone');
    this.calls.push(`+${key}`);
  }
  removed(_namespace: string, _snapshotter: string, key: string): void {
    this.calls.push(`-${key}`);
  }
  committed(ctx: CallContext, snapshotter: string, key: string, name: string): void {
    this.removed(ctx.namespace, snapshotter, key);
    this.created(ctx, snapshotter, name);
  }
}

const a = callContext({namespace: 'a'});
const b = callContext({namespace: 'b'});

export interface ContractOptions {
  /** Snapshots can have shifted ids; one that cannot refuses them. */
  mapsIds?: boolean;
  /** A snapshot without parent can be committed onto one; one that cannot refuses it. */
  rebases?: boolean;
}

export function snapshotterContract(
  test: TestFn,
  open: (t: ExecutionContext) => Promise<Opened>,
  {mapsIds = false, rebases = false}: ContractOptions = {},
): void {
  const refused = async (t: ExecutionContext, code: ErrorCode, action: Promise<unknown>) => {
    t.is(codeOf(await t.throwsAsync(action)), code);
  };
  const names = async (snapshotter: Snapshotter, ctx: CallContext) => {
    const all: SnapshotInfo[] = [];
    for await (const info of snapshotter.walk(ctx)) all.push(info);
    return all.map(info => `${info.kind} ${info.name} on ${info.parent || 'nothing'}`);
  };

  test('a snapshot is prepared, committed, and becomes a parent', async t => {
    const {snapshotter, contentOf, hooks} = await open(t);
    const mounts = await snapshotter.prepare(a, 'work', '', {color: 'red', empty: ''});
    writeFileSync(join(contentOf(mounts), 'file'), Buffer.alloc(10_000));
    t.deepEqual(await snapshotter.mounts(a, 'work'), mounts);
    const info = await snapshotter.stat(a, 'work');
    t.like(info, {name: 'work', parent: '', kind: 'active', labels: {color: 'red'}});
    t.true(Math.abs(Number(info.createdAt.seconds) - Date.now() / 1000) < 10);
    await snapshotter.commit(a, 'base', 'work', {color: 'blue'});
    t.like(await snapshotter.stat(a, 'base'), {kind: 'committed', labels: {color: 'blue'}});
    const usage = await snapshotter.usage(a, 'base');
    t.is(usage.inodes, 2);
    t.true(usage.size >= 10_000 && usage.size < 40_000, `${usage.size}`);
    await refused(t, 'not-found', snapshotter.stat(a, 'work'));
    await snapshotter.prepare(a, 'child', 'base');
    await snapshotter.view(a, 'look', 'base');
    t.deepEqual(await names(snapshotter, a), [
      'committed base on nothing',
      'active child on base',
      'view look on base',
    ]);
    t.deepEqual(hooks.calls, ['+work', '-work', '+base', '+child', '+look']);
  });

  test('namespaces do not see each other', async t => {
    const {snapshotter} = await open(t);
    await snapshotter.prepare(a, 'x', '');
    await snapshotter.prepare(b, 'x', '');
    await snapshotter.commit(a, 'base', 'x');
    await refused(t, 'not-found', snapshotter.prepare(b, 'y', 'base'));
    await refused(t, 'not-found', snapshotter.remove(b, 'base'));
    t.deepEqual(await names(snapshotter, b), ['active x on nothing']);
  });

  test('names in use, missing parents and wrong kinds are refused', async t => {
    const {snapshotter} = await open(t);
    await snapshotter.prepare(a, 'x', '');
    await refused(t, 'already-exists', snapshotter.prepare(a, 'x', ''));
    await refused(t, 'already-exists', snapshotter.view(a, 'x', ''));
    await refused(t, 'not-found', snapshotter.prepare(a, 'y', 'missing'));
    await refused(t, 'invalid-argument', snapshotter.prepare(a, 'y', 'x'));
    await refused(t, 'invalid-argument', snapshotter.prepare(a, '', ''));
    await refused(t, 'invalid-argument', snapshotter.prepare(a, 'y', '', {k: 'v'.repeat(5000)}));
    const mapped = {'containerd.io/snapshot/uidmapping': '0:100000:65536'};
    if (!mapsIds) await refused(t, 'unimplemented', snapshotter.prepare(a, 'y', '', mapped));
    await refused(t, 'already-exists', snapshotter.commit(a, 'x', 'x'));
    await refused(t, 'not-found', snapshotter.commit(a, 'c', 'missing'));
    await snapshotter.view(a, 'v', '');
    await refused(t, 'failed-precondition', snapshotter.commit(a, 'c', 'v'));
    await snapshotter.commit(a, 'c', 'x');
    await refused(t, 'failed-precondition', snapshotter.mounts(a, 'c'));
    for (const call of ['mounts', 'stat', 'usage', 'remove'] as const) {
      await refused(t, 'not-found', snapshotter[call](a, 'missing'));
    }
  });

  test('a commit onto a parent', async t => {
    const {snapshotter, hooks} = await open(t);
    await snapshotter.prepare(a, 'late', '');
    await snapshotter.prepare(a, 'x', '');
    await snapshotter.commit(a, 'base', 'x');
    await snapshotter.prepare(a, 'same', 'base');
    await snapshotter.commit(a, 'second', 'same', {}, 'base');
    t.is((await snapshotter.stat(a, 'second')).parent, 'base');
    await refused(t, 'not-found', snapshotter.commit(a, 'top', 'late', {}, 'missing'));
    await refused(t, 'invalid-argument', snapshotter.commit(a, 'top', 'late', {}, 'late'));
    if (!rebases) return await refused(t, 'unimplemented', snapshotter.commit(a, 'top', 'late', {}, 'second'));
    await snapshotter.prepare(a, 'elsewhere', 'base');
    await refused(t, 'invalid-argument', snapshotter.commit(a, 'top', 'elsewhere', {}, 'second'));
    await snapshotter.remove(a, 'elsewhere');
    await snapshotter.commit(a, 'top', 'late', {}, 'second');
    t.is((await snapshotter.stat(a, 'top')).parent, 'second');
    await refused(t, 'failed-precondition', snapshotter.remove(a, 'second'));
    await snapshotter.prepare(a, 'work', 'top');
    hooks.calls = [];
    // It is the older one, and still goes before what is below it.
    snapshotter.removeNodes(['base', 'work', 'second', 'top'].map(name => ({namespace: 'a', name})));
    t.deepEqual(hooks.calls, ['-work', '-top', '-second', '-base']);
    t.deepEqual(snapshotter.listNodes(), []);
  });

  test('a parent cannot be removed while it has children', async t => {
    const {snapshotter} = await open(t);
    await snapshotter.prepare(a, 'x', '');
    await snapshotter.commit(a, 'base', 'x');
    await snapshotter.prepare(a, 'child', 'base');
    await refused(t, 'failed-precondition', snapshotter.remove(a, 'base'));
    await snapshotter.remove(a, 'child');
    await snapshotter.remove(a, 'base');
    t.deepEqual(await names(snapshotter, a), []);
    t.deepEqual(snapshotter.listNodes(), []);
  });

  test('labels are replaced, set and removed one by one', async t => {
    const {snapshotter} = await open(t);
    await snapshotter.prepare(a, 'x', '', {one: '1', 'a.b/c': '2'});
    const changed = await snapshotter.update(a, 'x', {'a.b/c': '3', other: 'no'}, ['labels.a.b/c']);
    t.deepEqual(changed.labels, {one: '1', 'a.b/c': '3'});
    t.deepEqual((await snapshotter.update(a, 'x', {}, ['labels.one'])).labels, {'a.b/c': '3'});
    t.deepEqual((await snapshotter.update(a, 'x', {new: '1'}, [])).labels, {new: '1'});
    t.deepEqual((await snapshotter.stat(a, 'x')).labels, {new: '1'});
    await refused(t, 'invalid-argument', snapshotter.update(a, 'x', {}, ['parent']));
  });

  test('a target that exists already is reported, and leased', async t => {
    const {snapshotter, hooks} = await open(t);
    await snapshotter.prepare(a, 'x', '');
    await snapshotter.commit(a, 'chain', 'x');
    hooks.calls = [];
    const labels = {'containerd.io/snapshot.ref': 'chain'};
    await refused(t, 'already-exists', snapshotter.prepare(a, 'extract-1 chain', '', labels));
    t.deepEqual(hooks.calls, ['+chain']);
  });

  test('a failed creation leaves nothing', async t => {
    const {snapshotter} = await open(t);
    await t.throwsAsync(snapshotter.prepare({...a, lease: 'gone'}, 'x', ''));
    t.deepEqual(await names(snapshotter, a), []);
    await snapshotter.prepare(a, 'x', '');
  });

  test('of many that want a key, one gets it', async t => {
    const {snapshotter} = await open(t);
    const tries = Array.from({length: 10}, () => snapshotter.prepare(a, 'x', ''));
    const results = await Promise.allSettled(tries);
    t.is(results.filter(result => result.status === 'fulfilled').length, 1);
  });

  test('the collector removes records in any order, and clean-up the files', async t => {
    const {snapshotter, hooks} = await open(t);
    await snapshotter.prepare(a, 'x', '');
    await snapshotter.commit(a, 'base', 'x', {'containerd.io/gc.root': 'now'});
    await snapshotter.prepare(a, 'y', 'base');
    await snapshotter.commit(a, 'top', 'y');
    await snapshotter.prepare(a, 'keep', '');
    t.deepEqual(
      snapshotter.listNodes().toSorted((x, y) => (x.name < y.name ? -1 : 1)),
      [
        {namespace: 'a', name: 'base', parent: '', labels: {'containerd.io/gc.root': 'now'}},
        {namespace: 'a', name: 'keep', parent: '', labels: {}},
        {namespace: 'a', name: 'top', parent: 'base', labels: {}},
      ],
    );
    hooks.calls = [];
    snapshotter.removeNodes([
      {namespace: 'a', name: 'base'},
      {namespace: 'a', name: 'top'},
      {namespace: 'a', name: 'never was'},
    ]);
    t.deepEqual(hooks.calls, ['-top', '-base']);
    await snapshotter.cleanup(a);
    t.deepEqual(await names(snapshotter, a), ['active keep on nothing']);
    await snapshotter.mounts(a, 'keep');
  });

  test('a list is read in pages and a restart finds everything', async t => {
    const {snapshotter, reopen} = await open(t);
    for (let i = 0; i < 12; i++) await snapshotter.prepare(a, `s${String(i).padStart(2, '0')}`, '');
    await snapshotter.commit(a, 'base', 's00');
    const before = await names(snapshotter, a);
    const again = await reopen();
    t.deepEqual(await names(again, a), before);
    await again.prepare(a, 'new', 'base');
    t.is((await names(again, a)).length, before.length + 1);
  });
}
