import {mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {
  bindMount,
  isErrno,
  isMountPoint,
  MNT_DETACH,
  MS_NOEXEC,
  MS_RDONLY,
  makeRprivate,
  makeShared,
  mount,
  mountAll,
  mountOf,
  statFs,
  statFsType,
  umount,
  unmountAll,
} from './index.ts';
import {rootTest, tempDir} from './test-support.ts';

/** A tmpfs that goes with the test. */
function tmpfs(t: ExecutionContext): string {
  const dir = tempDir(t);
  mount('tmpfs', dir, 'tmpfs', 0, 'size=16m');
  t.teardown(() => unmountAll(dir));
  return dir;
}

/** `count` lower directories with long names, one file in each; a file named "same" in the first and last. */
function lowers(dir: string, count: number, name = 'a-directory-of-snapshots-with-a-long-name'): string[] {
  const paths = Array.from({length: count}, (_, i) => join(dir, name, String(i), 'fs'));
  for (const [i, path] of paths.entries()) {
    mkdirSync(path, {recursive: true});
    writeFileSync(join(path, `file-${i}`), String(i));
  }
  writeFileSync(join(paths[0]!, 'same'), 'top');
  writeFileSync(join(paths.at(-1)!, 'same'), 'bottom');
  return paths;
}

function overlay(dir: string, paths: readonly string[], ...more: string[]) {
  for (const name of ['upper', 'work', 'merged']) mkdirSync(join(dir, name), {recursive: true});
  const options = [`workdir=${dir}/work`, `upperdir=${dir}/upper`, `lowerdir=${paths.join(':')}`, ...more];
  return {type: 'overlay', source: 'overlay', options};
}

rootTest('what is mounted is seen and unmounted; unmountAll() takes what is stacked', t => {
  const dir = tempDir(t);
  mount('one', dir, 'tmpfs', 0, 'size=1m');
  mount('two', dir, 'tmpfs', MS_RDONLY | MS_NOEXEC, 'size=1m');
  t.like(mountOf(dir), {source: 'two', type: 'tmpfs'});
  t.deepEqual(mountOf(dir)!.options.slice(0, 2), ['ro', 'noexec']);
  umount(dir);
  t.is(mountOf(dir)!.source, 'one');
  mount('three', dir, 'tmpfs', 0);
  unmountAll(dir);
  t.false(isMountPoint(dir));
  unmountAll(dir);
  unmountAll(`${dir}/none`);
  t.true(
    isErrno(
      t.throws(() => umount(dir)),
      'EINVAL',
    ),
  );
});

rootTest('errors name the target and the reason', t => {
  const dir = tempDir(t);
  const error = t.throws(() => mount('x', `${dir}/none`, 'tmpfs', 0));
  t.is(error.message, `cannot mount "${dir}/none": ENOENT: no such file or directory`);
  t.true(
    isErrno(
      t.throws(() => mount('x', dir, 'nofs', 0)),
      'ENODEV',
    ),
  );
  t.true(
    isErrno(
      t.throws(() => mount('x', dir, 'tmpfs', 0, 'x'.repeat(5000))),
      'E2BIG',
    ),
  );
});

rootTest('a read-only bind mount cannot be written to, its source can', t => {
  const dir = tmpfs(t);
  for (const name of ['source', 'target']) mkdirSync(join(dir, name));
  bindMount(`${dir}/source`, `${dir}/target`, {recursive: true, readOnly: true});
  writeFileSync(`${dir}/source/file`, 'x');
  t.is(readFileSync(`${dir}/target/file`, 'utf8'), 'x');
  t.throws(() => writeFileSync(`${dir}/target/file`, 'y'), {code: 'EROFS'});
  umount(`${dir}/target`, MNT_DETACH);
});

rootTest('propagation is changed', t => {
  const dir = tmpfs(t);
  makeShared(dir);
  t.regex(mountOf(dir)!.optionalFields.join(), /^shared:/);
  makeRprivate(dir);
  t.deepEqual(mountOf(dir)!.optionalFields, []);
});

rootTest('a file system says its type and size', t => {
  const dir = tmpfs(t);
  t.is(statFsType(dir), 'tmpfs');
  t.is(statFsType('/proc'), 'proc');
  const status = statFs(dir);
  t.is(status.blocks * status.blockSize, 16 * 1024 * 1024);
  t.true(status.blocksFree <= status.blocks);
});

rootTest('mountAll() mounts a short overlay', t => {
  const dir = tmpfs(t);
  mountAll([overlay(dir, lowers(dir, 3))], `${dir}/merged`);
  t.is(readFileSync(`${dir}/merged/same`, 'utf8'), 'top');
  writeFileSync(`${dir}/merged/file-1`, 'changed');
  t.is(readFileSync(`${dir}/upper/file-1`, 'utf8'), 'changed');
});

rootTest('mountAll() mounts an overlay of 120 layers, in their order, read-only too', t => {
  const dir = tmpfs(t);
  const paths = lowers(dir, 120);
  t.true(paths.join(':').length > 2 * 4096);
  mountAll([overlay(dir, paths, 'nosuid')], `${dir}/merged`);
  t.is(readdirSync(`${dir}/merged`).length, 121);
  t.is(readFileSync(`${dir}/merged/same`, 'utf8'), 'top');
  t.true(mountOf(`${dir}/merged`)!.options.includes('nosuid'));
  const view = {type: 'overlay', source: 'overlay', options: ['ro', `lowerdir=${paths.toReversed().join(':')}`]};
  mkdirSync(`${dir}/view`);
  mountAll([view], `${dir}/view`);
  t.is(readFileSync(`${dir}/view/same`, 'utf8'), 'bottom');
  t.throws(() => writeFileSync(`${dir}/view/x`, ''), {code: 'EROFS'});
});

rootTest('directories with names too long for fsconfig are mounted relative to their parent', t => {
  const dir = tmpfs(t);
  const here = process.cwd();
  const paths = lowers(dir, 60, `${'x'.repeat(200)}/${'y'.repeat(100)}`);
  mountAll([overlay(dir, paths)], `${dir}/merged`);
  t.is(readdirSync(`${dir}/merged`).length, 61);
  t.is(process.cwd(), here);
  t.is(readFileSync('/proc/self/mountinfo', 'utf8').includes(`${dir}/merged`), true);
});

rootTest('a failing long overlay tells why and leaves nothing', t => {
  const dir = tmpfs(t);
  const paths = [...lowers(dir, 120), `${dir}/missing`];
  const error = t.throws(() => mountAll([overlay(dir, paths)], `${dir}/merged`));
  t.true(isErrno(error, 'ENOENT', 'EINVAL'), error.message);
  t.false(isMountPoint(`${dir}/merged`));
});

rootTest('mountAll() takes back what it did when a later mount fails', t => {
  const dir = tmpfs(t);
  mkdirSync(`${dir}/target`);
  const good = {type: 'tmpfs', source: 'tmpfs', options: []};
  t.throws(() => mountAll([good, {type: 'nofs', source: 'x', options: []}], `${dir}/target`));
  t.false(isMountPoint(`${dir}/target`));
});

rootTest('a target below is found inside, whatever links lie on the way', t => {
  const dir = tmpfs(t);
  mkdirSync(`${dir}/root/real`, {recursive: true});
  mkdirSync(`${dir}/real`);
  symlinkSync('../../real', `${dir}/root/link`);
  const below = {type: 'tmpfs', source: 'below', target: 'link', options: []};
  mountAll([below], `${dir}/root`);
  t.true(isMountPoint(`${dir}/root/real`));
  t.false(isMountPoint(`${dir}/real`));
  umount(`${dir}/root/real`);
  t.throws(() => mountAll([below, {type: 'nofs', source: 'x', options: []}], `${dir}/root`));
  t.false(isMountPoint(`${dir}/root/real`));
});
