import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {callContext} from '@longshore/base';
import {codeOf} from '@longshore/errdefs';
import {CLONE_NEWNS, makeRprivate, mountAll, umount, unshare} from '@longshore/linux';
import test from 'ava';
import {snapshotterFixture} from '../../core/snapshots/fixture.ts';
import {snapshotterContract} from '../../core/snapshots/snapshotter-contract.ts';
import {openOverlay} from './open-overlay.ts';

// Mounts stay with this process: synchronous calls of this thread see them, nobody else does.
unshare(CLONE_NEWNS);
makeRprivate('/');

const ctx = callContext({namespace: 'n'});

snapshotterContract(
  test,
  async t => ({
    ...(await snapshotterFixture(t, openOverlay)),
    contentOf: mounts => {
      const [mount] = mounts;
      const upper = mount?.options.find(option => option.startsWith('upperdir='));
      return upper ? upper.slice('upperdir='.length) : (mount?.source ?? '');
    },
  }),
  {mapsIds: true, rebases: true},
);

test('mounts are those of the original', async t => {
  const {snapshotter, root} = await snapshotterFixture(t, openOverlay);
  const dir = (id: number) => join(root, 'snapshots', String(id));
  const index = existsSync('/sys/module/overlay/parameters/index') ? ['index=off'] : [];
  const base = await snapshotter.prepare(ctx, 'x1', '');
  t.deepEqual(base, [{type: 'bind', source: `${dir(1)}/fs`, target: '', options: ['rw', 'rbind']}]);
  await snapshotter.commit(ctx, 'base', 'x1');
  const second = await snapshotter.prepare(ctx, 'x2', 'base');
  const active = [`workdir=${dir(2)}/work`, `upperdir=${dir(2)}/fs`, `lowerdir=${dir(1)}/fs`];
  t.deepEqual(second, [{type: 'overlay', source: 'overlay', target: '', options: [...index, ...active]}]);
  await snapshotter.commit(ctx, 'second', 'x2');
  const one = await snapshotter.view(ctx, 'v1', 'base');
  t.deepEqual(one, [{type: 'bind', source: `${dir(1)}/fs`, target: '', options: ['ro', 'rbind']}]);
  const two = await snapshotter.view(ctx, 'v2', 'second');
  const lower = [`lowerdir=${dir(2)}/fs:${dir(1)}/fs`];
  t.deepEqual(two, [{type: 'overlay', source: 'overlay', target: '', options: [...index, ...lower]}]);
  const none = await snapshotter.view(ctx, 'v0', '');
  t.deepEqual(none[0]?.options, ['ro', 'rbind']);
});

test('layers that were made without parents are stacked by their commits', async t => {
  const {snapshotter, root} = await snapshotterFixture(t, openOverlay);
  for (const [name, file] of [
    ['upper', 'b'],
    ['lower', 'a'],
  ] as const) {
    const [mount] = await snapshotter.prepare(ctx, name, '');
    writeFileSync(join(mount?.source as string, file), name);
  }
  await snapshotter.commit(ctx, 'one', 'lower');
  await snapshotter.commit(ctx, 'two', 'upper', {}, 'one');
  const mounts = await snapshotter.view(ctx, 'view', 'two');
  const lower = [1, 2].map(id => join(root, 'snapshots', String(id), 'fs'));
  t.true(mounts[0]?.options.includes(`lowerdir=${lower.join(':')}`));
  const place = join(root, 'place');
  mkdirSync(place);
  mountAll(mounts, place);
  t.deepEqual(readdirSync(place).sort(), ['a', 'b']);
  umount(place);
});

test('owners are shown shifted to a container with mapped ids, and stored as they are', async t => {
  const {snapshotter, root} = await snapshotterFixture(t, openOverlay);
  const labels = {
    'containerd.io/snapshot/uidmapping': '0:100000:65536',
    'containerd.io/snapshot/gidmapping': '0:200000:65536',
  };
  const [base] = await snapshotter.prepare(ctx, 'x', '');
  for (const [name, uid] of [
    ['rooted', 0],
    ['owned', 1000],
  ] as const) {
    writeFileSync(join(base?.source ?? '', name), name);
    chownSync(join(base?.source ?? '', name), uid, uid);
  }
  await snapshotter.commit(ctx, 'base', 'x');
  const mounts = await snapshotter.prepare(ctx, 'y', 'base', labels);
  t.deepEqual(mounts[0]?.options.slice(0, 2), ['uidmap=0:100000:65536', 'gidmap=0:200000:65536']);
  const target = join(root, 'merged');
  mkdirSync(target);
  mountAll(mounts, target);
  try {
    const owner = (name: string) => [statSync(join(target, name)).uid, statSync(join(target, name)).gid];
    t.deepEqual(owner('rooted'), [100_000, 200_000]);
    t.deepEqual(owner('owned'), [101_000, 201_000]);
    t.deepEqual(owner('.'), [100_000, 200_000]);
    writeFileSync(join(target, 'owned'), 'changed');
    t.deepEqual(owner('owned'), [101_000, 201_000]);
  } finally {
    umount(target);
  }
  t.is(statSync(join(root, 'snapshots/1/fs/owned')).uid, 1000);
  t.is(readFileSync(join(root, 'snapshots/1/fs/owned'), 'utf8'), 'owned');
  t.is(statSync(join(root, 'snapshots/2/fs/owned')).uid, 101_000);
  const view = await snapshotter.view(ctx, 'v', 'base', labels);
  mountAll(view, target);
  t.is(statSync(join(target, 'owned')).uid, 101_000);
  t.throws(() => writeFileSync(join(target, 'new'), ''), {code: 'EROFS'});
  umount(target);
  t.deepEqual(
    readdirSync(tmpdir()).filter(name => name.startsWith('ls-idmap-')),
    [],
  );
  const wrong = snapshotter.prepare(ctx, 'z', 'base', {'containerd.io/snapshot/uidmapping': '0:100000:65536'});
  t.is(codeOf(await t.throwsAsync(wrong)), 'invalid-argument');
});

test('the root of a child looks like that of its parent', async t => {
  const {snapshotter} = await snapshotterFixture(t, openOverlay);
  const [base] = await snapshotter.prepare(ctx, 'x', '');
  t.is(statSync(base?.source ?? '').mode & 0o7777, 0o755);
  chownSync(base?.source ?? '', 12, 34);
  chmodSync(base?.source ?? '', 0o1770);
  await snapshotter.commit(ctx, 'base', 'x');
  const [child] = await snapshotter.prepare(ctx, 'y', 'base');
  const upper = child?.options.find(option => option.startsWith('upperdir='))?.slice(9) ?? '';
  t.like(statSync(upper), {uid: 12, gid: 34});
  t.is(statSync(upper).mode & 0o7777, 0o1770);
});

test('a chain of 120 layers is mounted', async t => {
  const {snapshotter, root} = await snapshotterFixture(t, openOverlay);
  let parent = '';
  for (let i = 0; i < 120; i++) {
    const [mount] = await snapshotter.prepare(ctx, 'work', parent);
    const upper = mount?.options.find(option => option.startsWith('upperdir='))?.slice(9) ?? mount?.source ?? '';
    writeFileSync(join(upper, `file${i}`), String(i));
    writeFileSync(join(upper, 'last'), String(i));
    parent = `layer${i}`;
    await snapshotter.commit(ctx, parent, 'work');
  }
  const mounts = await snapshotter.prepare(ctx, 'top', parent);
  const merged = join(root, 'merged');
  mkdirSync(merged);
  mountAll(mounts, merged);
  t.is(readFileSync(join(merged, 'last'), 'utf8'), '119');
  t.is(readdirSync(merged).length, 121);
  writeFileSync(join(merged, 'file0'), 'changed');
  umount(merged);
  t.deepEqual(snapshotter.listNodes().length, 121);
});

test('removal takes the directory out of sight at once and deletes it', async t => {
  const {snapshotter, root} = await snapshotterFixture(t, openOverlay);
  const [mount] = await snapshotter.prepare(ctx, 'x', '');
  for (let i = 0; i < 100; i++) writeFileSync(join(mount?.source ?? '', `f${i}`), 'x');
  await snapshotter.remove(ctx, 'x');
  t.false(existsSync(join(root, 'snapshots/1')));
  await snapshotter.cleanup(ctx);
  t.deepEqual(readdirSync(join(root, 'snapshots')), []);
});

test('a start removes what a killed process left, and only that', async t => {
  const {snapshotter, root, reopen} = await snapshotterFixture(t, openOverlay);
  await snapshotter.prepare(ctx, 'keep', '');
  const snapshots = join(root, 'snapshots');
  for (const name of ['7/fs', 'new-0011/fs', 'rm-3-aabb/fs']) {
    mkdirSync(join(snapshots, name), {recursive: true});
    writeFileSync(join(snapshots, name, 'file'), 'x');
  }
  const again = await reopen();
  await again.cleanup(ctx);
  t.deepEqual(readdirSync(snapshots), ['1']);
  const [mount] = await again.prepare(ctx, 'next', '');
  t.is(mount?.source, join(snapshots, '8/fs'), 'an id is not used again while its old directory may be around');
});

test('clean-up while snapshots are made does not touch them', async t => {
  const {snapshotter, root} = await snapshotterFixture(t, openOverlay);
  const work: Promise<unknown>[] = [];
  for (let i = 0; i < 40; i++) {
    work.push(snapshotter.prepare(ctx, `s${i}`, ''));
    if (i % 4 === 0) work.push(snapshotter.cleanup(ctx));
  }
  await Promise.all(work);
  t.is(readdirSync(join(root, 'snapshots')).length, 40);
  for (let i = 0; i < 40; i++) t.true(existsSync((await snapshotter.mounts(ctx, `s${i}`))[0]?.source ?? ''));
});

test('usage counts a hard link once', async t => {
  const {snapshotter} = await snapshotterFixture(t, openOverlay);
  const [mount] = await snapshotter.prepare(ctx, 'x', '');
  const file = join(mount?.source ?? '', 'f');
  writeFileSync(file, Buffer.alloc(100_000, 1));
  const before = await snapshotter.usage(ctx, 'x');
  linkSync(file, `${file}2`);
  t.deepEqual(await snapshotter.usage(ctx, 'x'), before);
  rmSync(file);
  t.is((await snapshotter.usage(ctx, 'x')).inodes, 2);
});

test('an overlay that cannot be mounted is refused at the start', async t => {
  const open = (parts: Parameters<typeof openOverlay>[0]) => openOverlay({...parts, mountOptions: ['nonsense']});
  const error = await t.throwsAsync(snapshotterFixture(t, open), {message: /overlayfs cannot be used on ".*"/});
  t.is(codeOf(error), 'failed-precondition');
});
