import {execFileSync} from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {callContext} from '@longshore/base';
import {
  CLONE_NEWNS,
  createSubvolume,
  MNT_DETACH,
  makeRprivate,
  mountAll,
  statFsType,
  umount,
  unshare,
} from '@longshore/linux';
import anyTest, {type ExecutionContext, type TestFn} from 'ava';
import {snapshotterFixture} from '../../core/snapshots/fixture.ts';
import type {Mount} from '../../core/snapshots/snapshotter.ts';
import {snapshotterContract} from '../../core/snapshots/snapshotter-contract.ts';
import {openBtrfs} from './open-btrfs.ts';

const ctx = callContext({namespace: 'n'});
const problem = mountFileSystem();
const test = (problem ? anyTest.skip : anyTest.serial) as TestFn;
if (problem) anyTest(`btrfs cannot be had here: ${problem}`, t => t.pass());

/** A btrfs in a file, seen by this process only, as the directory for temporary files. Returns why there is none. */
function mountFileSystem(): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'ls-btrfs-'));
  const [image, point] = [join(directory, 'image'), join(directory, 'fs')];
  try {
    unshare(CLONE_NEWNS);
    makeRprivate('/');
    writeFileSync(image, '');
    truncateSync(image, 256 * 1024 * 1024);
    mkdirSync(point);
    execFileSync('mkfs.btrfs', ['-q', image], {stdio: 'pipe'});
    execFileSync('mount', ['-o', 'loop', image, point], {stdio: 'pipe'});
  } catch (error) {
    rmSync(directory, {recursive: true, force: true});
    return String(error);
  }
  process.on('exit', () => {
    umount(point, MNT_DETACH);
    rmSync(directory, {recursive: true});
  });
  process.env.TMPDIR = point;
  return undefined;
}

/** Mounts a snapshot as a client would. */
function mounted(t: ExecutionContext, mounts: readonly Mount[]): string {
  const target = mkdtempSync(join(tmpdir(), 'mounted-'));
  mountAll(mounts, target);
  t.teardown(() => umount(target, MNT_DETACH));
  return target;
}

snapshotterContract(test, async t => ({
  ...(await snapshotterFixture(t, openBtrfs)),
  contentOf: mounts => mounted(t, mounts as Mount[]),
}));

test('a child shares its parent and counts only what it changes', async t => {
  const {snapshotter, root} = await snapshotterFixture(t, openBtrfs);
  const base = mounted(t, await snapshotter.prepare(ctx, 'x', ''));
  t.is(statFsType(base), 'btrfs');
  for (const name of ['a', 'b', 'c']) writeFileSync(join(base, name), Buffer.alloc(1_000_000, name));
  await snapshotter.commit(ctx, 'base', 'x');
  t.true((await snapshotter.usage(ctx, 'base')).size >= 3_000_000);

  const [mount] = await snapshotter.prepare(ctx, 'y', 'base');
  t.is(mount?.type, 'btrfs');
  t.regex(mount?.options.join() ?? '', /^subvolid=\d+$/);
  const child = mounted(t, [mount!]);
  t.deepEqual(readdirSync(child), ['a', 'b', 'c']);
  t.deepEqual(await snapshotter.usage(ctx, 'y'), {size: 0, inodes: 0});
  writeFileSync(join(child, 'b'), Buffer.alloc(2_000_000, 'B'));
  const {size, inodes} = await snapshotter.usage(ctx, 'y');
  t.true(size >= 2_000_000 && size < 2_200_000, `${size}`);
  t.is(inodes, 1);
  t.is(readFileSync(join(base, 'b'), 'latin1')[0], 'b');

  const view = mounted(t, await snapshotter.view(ctx, 'v', 'base'));
  t.throws(() => writeFileSync(join(view, 'a'), ''), {code: 'EROFS'});
  t.deepEqual(readdirSync(join(root, 'snapshots')).length, 3);
});

test('what is removed is gone, also with subvolumes that a container made in it', async t => {
  const {snapshotter, root} = await snapshotterFixture(t, openBtrfs);
  const inside = mounted(t, await snapshotter.prepare(ctx, 'x', ''));
  createSubvolume(join(inside, 'nested'));
  writeFileSync(join(inside, 'nested/file'), 'x');
  await snapshotter.remove(ctx, 'x');
  await snapshotter.cleanup(ctx);
  t.deepEqual(readdirSync(join(root, 'snapshots')), []);
});

test('what a killed process left is removed at the next start', async t => {
  const {snapshotter, root, reopen} = await snapshotterFixture(t, openBtrfs);
  for (const name of ['new-1', 'rm-7-x']) {
    mkdirSync(join(root, 'snapshots', name));
    createSubvolume(join(root, 'snapshots', name, 'fs'));
  }
  mkdirSync(join(root, 'snapshots/new-2'));
  await snapshotter[Symbol.asyncDispose]();
  await (await reopen()).cleanup(ctx);
  t.deepEqual(readdirSync(join(root, 'snapshots')), []);
});

anyTest('another file system is refused, as a plugin that is skipped', async t => {
  const root = mkdtempSync('/dev/shm/ls-btrfs-');
  t.teardown(() => rmSync(root, {recursive: true}));
  t.false(existsSync(join(root, 'snapshots')));
  const parts = {root, database: undefined as never, hooks: undefined as never, log: undefined as never};
  await t.throwsAsync(openBtrfs(parts), {
    message: `skip plugin: path ${root} (tmpfs) must be a btrfs filesystem to be used with the btrfs snapshotter`,
  });
});
