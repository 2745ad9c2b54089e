import {execFileSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {callContext} from '@longshore/base';
import test, {type ExecutionContext} from 'ava';
import {copyUp} from './copy-up.ts';

/** Owners and devices are only for root to set. */
const rootTest = process.getuid?.() === 0 ? test : test.skip;
const ctx = callContext();

function directories(t: ExecutionContext) {
  const base = mkdtempSync(join(tmpdir(), 'ls-copy-'));
  t.teardown(() => rmSync(base, {recursive: true, force: true}));
  const [source, target] = [join(base, 'source'), join(base, 'target')];
  mkdirSync(source);
  mkdirSync(target);
  return {source, target};
}

const listing = (directory: string) =>
  execFileSync('sh', ['-c', 'find . -printf "%P %y %m %U:%G %n %s %T@ %l\\n" | sort'], {cwd: directory}).toString();

rootTest('a copy has the owners, modes, times, links, devices and attributes of the original', async t => {
  const {source, target} = directories(t);
  execFileSync(
    'sh',
    [
      '-ec',
      `
    mkdir -p sub/deep && echo hello > sub/deep/file && chmod 4755 sub/deep/file && chown 1000:1001 sub/deep/file
    chmod 4755 sub/deep/file
    ln sub/deep/file hard && ln -s sub/deep/file soft && ln -s /nowhere dangling && mkfifo pipe && mknod null c 1 3
    printf 'x' > "$(printf 'bad\\377name')" && touch -d 2001-02-03 sub && touch -h -d 2002-03-04 soft
    chmod 1777 . && chown 5:6 .`,
    ],
    {cwd: source},
  );
  execFileSync('python3', ['-c', 'import os,sys; os.setxattr(sys.argv[1], "user.test", b"1")', join(source, 'hard')]);
  await copyUp(ctx, source, target);
  t.is(listing(target), listing(source));
  t.is(statSync(join(target, 'hard')).ino, statSync(join(target, 'sub/deep/file')).ino);
  t.is(readFileSync(join(target, 'hard'), 'utf8'), 'hello\n');
  const value = execFileSync('python3', [
    '-c',
    'import os,sys; print(os.getxattr(sys.argv[1], "user.test"))',
    join(target, 'soft'),
  ]);
  t.is(String(value).trim(), "b'1'");
});

test('a volume with something in it is left alone, and a missing source is nothing', async t => {
  const {source, target} = directories(t);
  writeFileSync(join(source, 'a'), '');
  writeFileSync(join(target, 'b'), '');
  await copyUp(ctx, source, target);
  await copyUp(ctx, join(source, 'nosuch'), target);
  await copyUp(ctx, join(source, 'a'), target);
  t.deepEqual(readdirSync(target), ['b']);
});

test('a copy that fails leaves the volume empty', async t => {
  const {source, target} = directories(t);
  for (let i = 0; i < 20; i++) writeFileSync(join(source, `f${i}`), 'data');
  const abort = new AbortController();
  const copying = copyUp(callContext({signal: abort.signal}), source, target);
  abort.abort(new Error('enough'));
  await t.throwsAsync(copying, {message: 'enough'});
  t.deepEqual(readdirSync(target), []);
});
