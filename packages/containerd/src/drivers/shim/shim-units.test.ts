import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {shimDirectStartMarker} from '@longshore/base';
import {codeOf} from '@longshore/errdefs';
import {closeFd, listenUnix} from '@longshore/linux';
import test from 'ava';
import {tempDir} from '../../test-support/store.ts';
import {formatBootstrap, parseBootstrap} from './bootstrap.ts';
import {Bundle, listBundles, removeStrayWork} from './bundle.ts';
import {removeDeadSockets} from './dead-sockets.ts';
import {DirectStartTest} from './direct-start.ts';
import {runAction} from './run-action.ts';
import {RuntimeBinaries} from './runtime-binary.ts';
import {shimSocketPath} from './socket-address.ts';

test('bootstrap: the address alone, JSON of 1.7 and of 2.x', t => {
  const plain = {version: 2, address: 'unix:///run/containerd/s/x', protocol: 'ttrpc'} as const;
  t.deepEqual(parseBootstrap('unix:///run/containerd/s/x\n'), plain);
  t.deepEqual(parseBootstrap('{"version":2,"address":"unix:///run/containerd/s/x","protocol":"ttrpc"}'), plain);
  t.deepEqual(parseBootstrap(formatBootstrap({...plain, version: 3, protocol: 'grpc'})), {
    ...plain,
    version: 3,
    protocol: 'grpc',
  });
});

test('bootstrap: what is no address or comes from the future is refused', t => {
  t.is(codeOf(t.throws(() => parseBootstrap('panic: oh no'))), 'invalid-argument');
  t.is(codeOf(t.throws(() => parseBootstrap(''))), 'invalid-argument');
  const next = t.throws(() => parseBootstrap('{"version":4,"address":"unix:///x","protocol":"ttrpc"}'));
  t.is(next?.message, 'unsupported shim version (4): not implemented');
  t.is(
    codeOf(t.throws(() => parseBootstrap('{"version":3,"address":"unix:///x","protocol":"smoke"}'))),
    'unimplemented',
  );
});

test('runtime names become binaries in PATH, then beside containerd', t => {
  const [first, own] = [tempDir(t), tempDir(t)];
  const put = (path: string, mode = 0o755) => {
    writeFileSync(path, '');
    chmodSync(path, mode);
  };
  put(join(own, 'containerd-shim-runc-v2'));
  const binaries = () => new RuntimeBinaries({path: `relative:${first}`, ownDirectory: own});
  t.is(binaries().resolve('io.containerd.runc.v2'), join(own, 'containerd-shim-runc-v2'));
  put(join(first, 'containerd-shim-runc-v2'), 0o644);
  t.is(binaries().resolve('io.containerd.runc.v2'), join(own, 'containerd-shim-runc-v2'));
  chmodSync(join(first, 'containerd-shim-runc-v2'), 0o755);
  const kept = binaries();
  t.is(kept.resolve('my.runc.v2'), join(first, 'containerd-shim-runc-v2'));
  t.is(kept.resolve(join(own, 'containerd-shim-runc-v2')), join(own, 'containerd-shim-runc-v2'));
  const missing = t.throws(() => kept.resolve('io.containerd.kata.v2'));
  t.is(
    missing?.message,
    'runtime "io.containerd.kata.v2" binary not installed "containerd-shim-kata-v2": file does not exist',
  );
  t.is(kept.resolve('io.containerd.runc.v1'), join(first, 'containerd-shim-runc-v2'));
  put(join(own, 'containerd-shim-runc-v1'));
  t.is(binaries().resolve('io.containerd.runc.v1'), join(own, 'containerd-shim-runc-v1'));
  t.is(codeOf(t.throws(() => kept.resolve('/nosuch/shim'))), 'not-found');
  for (const name of ['', 'runc', '.v2', 'a/b.v2', 'io..v2'])
    t.is(codeOf(t.throws(() => kept.resolve(name))), 'invalid-argument');
});

test('sockets lie in the state directory while they fit', t => {
  const hash = '8f0bd8ceb7f3b2a8a77e7a4eeb1f38a5ee1ee4c4c53c8f5bd7e7a4a4dbe9aa99'.length;
  const usual = shimSocketPath('/run/containerd', '/run/containerd/containerd.sock', 'moby', 'x');
  t.regex(usual, /^\/run\/containerd\/s\/[0-9a-f]{64}$/);
  t.is(usual.length, '/run/containerd/s/'.length + hash);
  t.not(usual, shimSocketPath('/run/containerd', '/run/containerd/containerd.sock', 'other', 'x'));
  const long = shimSocketPath(`/tmp/${'d'.repeat(60)}`, '/a', 'n', 'x');
  t.is(long.length, 107);
  t.regex(shimSocketPath(`/tmp/${'d'.repeat(99)}`, '/a', 'n', 'x'), /^\/run\/containerd\/s\/[0-9a-f]{64}$/);
});

test('only a file with the marker near its end may be started directly', async t => {
  const directory = tempDir(t);
  const check = new DirectStartTest();
  const file = (name: string, ...parts: (string | Buffer)[]) => {
    const path = join(directory, name);
    writeFileSync(path, Buffer.concat(parts.map(part => Buffer.from(part))));
    return path;
  };
  const filler = Buffer.alloc(2_500_000);
  t.true(await check.allows(file('own', filler, shimDirectStartMarker, 'x')));
  t.true(await check.allows(file('border', shimDirectStartMarker, Buffer.alloc(2 * 1048576 - 10))));
  t.true(await check.allows(file('small', shimDirectStartMarker)));
  t.false(await check.allows(file('other', filler)));
  t.false(await check.allows(file('far', shimDirectStartMarker, Buffer.alloc(18 << 20))));
  t.false(await check.allows(join(directory, 'nosuch')));
  const replaced = file('other', filler, shimDirectStartMarker);
  t.true(await check.allows(replaced));
});

test('a bundle has the files and modes of the original', async t => {
  const directory = tempDir(t);
  const roots = {root: join(directory, 'root'), state: join(directory, 'state')};
  const bundle = new Bundle(roots, 'ns', 'c');
  await bundle.create(Buffer.from('{"ociVersion":"1.2.1"}'));
  const mode = (path: string) => (statSync(path).mode & 0o7777).toString(8);
  t.is(mode(join(bundle.path, '..')), '711');
  t.is(mode(bundle.path), '700');
  t.is(mode(bundle.file('rootfs')), '711');
  t.is(mode(bundle.file('log')), '700');
  t.true(statSync(bundle.file('log')).isFIFO());
  t.is(readFileSync(bundle.file('config.json'), 'utf8'), '{"ociVersion":"1.2.1"}');
  const work = join(roots.root, 'io.containerd.runtime.v2.task/ns/c');
  t.is(readlinkSync(bundle.file('work')), work);
  t.is(mode(work), '711');
  t.is(codeOf(await t.throwsAsync(bundle.create(new Uint8Array()))), 'already-exists');
  await bundle.writeBootstrap({version: 3, address: 'unix:///x', protocol: 'ttrpc'}, '/bin/shim');
  t.is(readFileSync(bundle.file('bootstrap.json'), 'utf8'), '{"version":3,"address":"unix:///x","protocol":"ttrpc"}');
  t.is(await bundle.readShimPath(), '/bin/shim');
  t.is((await bundle.readBootstrap())?.address, 'unix:///x');
  await bundle.remove();
  t.false(existsSync(bundle.path) || existsSync(work));
  await bundle.remove();
});

test('the address file of a 1.x shim is as good as a bootstrap', async t => {
  const directory = tempDir(t);
  const bundle = new Bundle({root: directory, state: directory}, 'ns', 'c');
  mkdirSync(bundle.path, {recursive: true});
  t.is(await bundle.readBootstrap(), undefined);
  writeFileSync(bundle.file('address'), 'unix:///old');
  t.deepEqual(await bundle.readBootstrap(), {version: 2, address: 'unix:///old', protocol: 'ttrpc'});
});

test('bundles are listed without those being removed, and stray work directories go', async t => {
  const directory = tempDir(t);
  const roots = {root: join(directory, 'root'), state: join(directory, 'state')};
  t.deepEqual(await listBundles(roots), []);
  await new Bundle(roots, 'ns', 'c').create(new Uint8Array());
  mkdirSync(join(roots.state, 'io.containerd.runtime.v2.task/ns/.dead'));
  mkdirSync(join(roots.root, 'io.containerd.runtime.v2.task/ns/stray'));
  const bundles = await listBundles(roots);
  t.deepEqual(
    bundles.map(({namespace, id}) => [namespace, id]),
    [['ns', 'c']],
  );
  t.false(existsSync(join(roots.state, 'io.containerd.runtime.v2.task/ns/.dead')));
  await removeStrayWork(roots, bundles);
  t.true(existsSync(join(roots.root, 'io.containerd.runtime.v2.task/ns/c')));
  t.false(existsSync(join(roots.root, 'io.containerd.runtime.v2.task/ns/stray')));
});

const action = (script: string, timeoutMs = 5000, stdin = '') =>
  runAction({path: '/bin/sh', args: ['-c', script], cwd: '/', env: process.env, stdin: Buffer.from(stdin), timeoutMs});

test('an action gets its input and returns both streams', async t => {
  const {stdout, combined} = await action('cat; echo warning >&2', 5000, 'input');
  t.is(stdout.toString(), 'input');
  t.is(combined, 'inputwarning\n');
});

test('a failing action speaks for itself, a silent one by its status', async t => {
  await t.throwsAsync(action('echo "no such runtime"; exit 3'), {message: 'no such runtime'});
  await t.throwsAsync(action('exit 3'), {message: /exit status 3$/});
  await t.throwsAsync(action('kill -9 $$'), {message: /signal: SIGKILL$/});
  const late = await t.throwsAsync(action('sleep 30', 50));
  t.is(codeOf(late), 'deadline-exceeded');
  const missing = runAction({path: '/nosuch', args: [], cwd: '/', env: {}, stdin: new Uint8Array(), timeoutMs: 0});
  await t.throwsAsync(missing, {message: /ENOENT/});
});

test('a process that an action leaves running does not hold it up', async t => {
  const started = Date.now();
  const {combined} = await action('sleep 20 & echo $!');
  process.kill(Number(combined));
  t.true(Date.now() - started < 5000);
});

test('sockets without a listener go once they are old', async t => {
  const state = tempDir(t);
  await removeDeadSockets(state);
  mkdirSync(join(state, 's'));
  const path = (name: string) => join(state, 's', name);
  const alive = listenUnix(path('alive'));
  for (const name of ['dead', 'young']) closeFd(listenUnix(path(name)));
  const longAgo = new Date(Date.now() - 120_000);
  for (const name of ['alive', 'dead']) utimesSync(path(name), longAgo, longAgo);
  await removeDeadSockets(state);
  t.deepEqual(readdirSync(join(state, 's')).sort(), ['alive', 'young']);
  closeFd(alive);
});
