import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import {setTimeout} from 'node:timers/promises';
import type {ExecutionContext} from 'ava';
import {
  AT_FDCWD,
  attachLoop,
  closeFd,
  detachLoop,
  isErrno,
  isLoopDevice,
  mountAll,
  O_RDONLY,
  openAt,
  umount,
} from './index.ts';
import {rootTest, tempDir} from './test-support.ts';

/** A file of 16 MiB with an ext4 file system. */
function image(t: ExecutionContext): string {
  const file = join(tempDir(t), 'disk');
  writeFileSync(file, '');
  truncateSync(file, 16 << 20);
  execFileSync('mkfs.ext4', ['-q', '-F', file], {env: {...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`}});
  return file;
}

/** The path of the device's file, undefined once it has none. */
function backing(device: string): string | undefined {
  const path = `/sys/block/${basename(device)}/loop/backing_file`;
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
}

/** Some kernels let go of the file a little later. */
async function freed(t: ExecutionContext, device: string): Promise<void> {
  for (let i = 0; i < 1000 && backing(device) !== undefined; i++) await setTimeout(10);
  t.is(backing(device), undefined);
}

rootTest('a loop device goes with its last user, or when it is told to', async t => {
  const file = image(t);
  const first = attachLoop(file, {name: 'one'});
  t.is(backing(first.path), file);
  t.true(isLoopDevice(first.path, 'one'));
  t.false(isLoopDevice(first.path, 'two'));
  const user = openAt(AT_FDCWD, first.path, O_RDONLY);
  first[Symbol.dispose]();
  t.is(backing(first.path), file);
  closeFd(user);
  await freed(t, first.path);
  t.false(isLoopDevice(first.path, 'one'));
  const kept = attachLoop(file, {name: 'one', readOnly: true});
  kept.keep();
  kept[Symbol.dispose]();
  t.is(backing(kept.path), file);
  t.is(readFileSync(`/sys/block/${basename(kept.path)}/ro`, 'utf8'), '1\n');
  detachLoop(kept.path, 'two');
  t.is(backing(kept.path), file);
  detachLoop(kept.path, 'one');
  await freed(t, kept.path);
  detachLoop(kept.path, 'one');
  detachLoop('/dev/no-such-loop', 'one');
  t.true(
    isErrno(
      t.throws(() => attachLoop(join(file, 'none'))),
      'ENOTDIR',
    ),
  );
});

rootTest('the option loop mounts a file, whose device goes with the mount', async t => {
  const file = image(t);
  const point = join(file, '../point');
  mkdirSync(point);
  mountAll([{type: 'ext4', source: file, options: ['loop']}], point);
  const device = /^(\S+) /.exec(execFileSync('findmnt', ['-n', '-o', 'SOURCE,TARGET', point], {encoding: 'utf8'}))?.[1];
  t.is(backing(device as string), file);
  writeFileSync(join(point, 'kept'), 'x');
  umount(point);
  await freed(t, device as string);
  mountAll([{type: 'ext4', source: file, options: ['ro', 'loop']}], point);
  t.is(readFileSync(join(point, 'kept'), 'utf8'), 'x');
  t.throws(() => writeFileSync(join(point, 'more'), ''), {code: 'EROFS'});
  umount(point);
});
