/** Trees that try to get out of their root, and what an archive keeps. Needs root for owners and devices. */
import {
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {getXattr, makedev, mkfifo, mknod, S_IFCHR, setXattr} from '@longshore/linux';
import {readTar, type TarEntry, tarEntry, writeTar} from '@longshore/oci';
import test, {type ExecutionContext} from 'ava';
import {parseContainerPath} from '../../core/containers/copy/container-path.ts';
import {LinuxContainerTrees} from './container-trees.ts';

const signal = new AbortController().signal;
const options = {keepTypes: true, owner: undefined, signal};
const forRoot = process.getuid?.() === 0 ? test : test.skip;

function directory(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'longshore-tree-'));
  t.teardown(() => rmSync(path, {recursive: true, force: true}));
  return path;
}

/** A root with a secret beside it that links in the root point at. */
function hostileRoot(t: ExecutionContext): {root: string; outside: string} {
  const base = directory(t);
  const root = join(base, 'root');
  const outside = join(base, 'outside');
  mkdirSync(join(root, 'etc'), {recursive: true});
  mkdirSync(outside);
  writeFileSync(join(outside, 'secret'), 'secret');
  symlinkSync('../../../../../../../etc', join(root, 'up'));
  symlinkSync(outside, join(root, 'evil'));
  return {root, outside};
}

async function entriesOf(archive: AsyncIterable<Uint8Array>): Promise<Map<string, TarEntry & {text: string}>> {
  const entries = new Map<string, TarEntry & {text: string}>();
  for await (const {entry, body} of readTar(archive)) {
    const pieces: Uint8Array[] = [];
    for await (const piece of body) pieces.push(piece);
    entries.set(entry.name.toString(), {...entry, text: Buffer.concat(pieces).toString()});
  }
  return entries;
}

const tar = (...members: [TarEntry, string?][]) =>
  writeTar(members.map(([entry, text = '']) => ({entry: {...entry, size: text.length}, body: [Buffer.from(text)]})));

test('links out of the root lead nowhere', async t => {
  const {root, outside} = hostileRoot(t);
  using tree = new LinuxContainerTrees().open(root);
  t.throws(() => tree.status(parseContainerPath('/evil/secret')), {code: 'not-found'});
  t.throws(() => tree.status(parseContainerPath('/evil/')), {code: 'not-found'});
  t.throws(() => tree.checkDirectory('/evil'), {code: 'not-found'});
  const status = tree.status(parseContainerPath('/up'));
  t.deepEqual([status.name, status.linkTarget], ['up', '/etc']);
  await tree.extract('/up', tar([tarEntry('file', 'new'), 'in']), options);
  t.is(readFileSync(join(root, 'etc/new'), 'utf8'), 'in');
  t.deepEqual(
    [...(await entriesOf(tree.archive(parseContainerPath('/evil'), signal))).values()].map(e => e.type),
    ['symlink'],
  );
  await t.throwsAsync(tree.extract('/', tar([tarEntry('file', 'evil/x'), 'no']), options));
  await t.throwsAsync(tree.extract('/etc', tar([tarEntry('file', '../../x'), 'no']), options), {
    message: /leaves the archive/,
  });
  await t.throwsAsync(
    tree.extract('/', tar([tarEntry('link', 'stolen', {linkName: Buffer.from('evil/secret')})]), options),
  );
  t.deepEqual([existsSync(join(outside, 'x')), existsSync(join(root, 'stolen'))], [false, false]);
});

forRoot('an archive and its extraction keep what a file is', async t => {
  const root = directory(t);
  mkdirSync(join(root, 'from/sub'), {recursive: true});
  mkdirSync(join(root, 'to'));
  const file = join(root, 'from/file');
  writeFileSync(file, 'x'.repeat(300_000));
  chownSync(file, 12, 34);
  setXattr(file, 'user.note', Buffer.from('kept'));
  utimesSync(file, 1_000_000.125, 1_000_000.125);
  linkSync(file, join(root, 'from/hard'));
  symlinkSync('/nowhere', join(root, 'from/soft'));
  mkfifo(join(root, 'from/pipe'));
  mknod(join(root, 'from/null'), S_IFCHR | 0o666, makedev(1, 3));
  utimesSync(join(root, 'from'), 5, 5);
  using tree = new LinuxContainerTrees().open(root);
  await tree.extract('/to', tree.archive(parseContainerPath('/from'), signal), options);
  const copy = join(root, 'to/from');
  const status = lstatSync(join(copy, 'file'));
  t.deepEqual([status.uid, status.gid, status.nlink, status.size], [12, 34, 2, 300_000]);
  t.is(status.mtimeMs, 1_000_000_125);
  t.is(getXattr(join(copy, 'file'), 'user.note')?.toString(), 'kept');
  t.is(statSync(join(copy, 'hard')).ino, status.ino);
  t.is(readlinkSync(join(copy, 'soft')), '/nowhere');
  t.true(lstatSync(join(copy, 'pipe')).isFIFO());
  t.is(lstatSync(join(copy, 'null')).rdev, 0x103);
  t.is(statSync(copy).mtimeMs, 5000);
  const all = await entriesOf(tree.archiveAll(signal));
  t.true(all.has('from/sub/') && all.has('to/from/file') && !all.has('/'));
});

test('the content of a directory, and the root, under their names', async t => {
  const root = directory(t);
  mkdirSync(join(root, 'a'));
  writeFileSync(join(root, 'a/b'), 'b');
  using tree = new LinuxContainerTrees().open(root);
  const names = async (path: string) => [...(await entriesOf(tree.archive(parseContainerPath(path), signal))).keys()];
  t.deepEqual(await names('/a'), ['a/', 'a/b']);
  t.deepEqual(await names('/a/.'), ['./', './b']);
  t.deepEqual(await names('/'), ['/', '/a/', '/a/b']);
  const noDirectory = (path: string) =>
    t.throws(() => tree.status(parseContainerPath(path)), {code: 'unknown', message: `lstat ${path}: not a directory`});
  for (const path of ['/a/b/', '/a/b/.', '/a/b/c']) noDirectory(path);
});

test('types are kept on demand, owners replaced, gzip understood, damage told', async t => {
  const root = directory(t);
  mkdirSync(join(root, 'd/full'), {recursive: true});
  writeFileSync(join(root, 'f'), 'f');
  using tree = new LinuxContainerTrees().open(root);
  const fileOverDirectory = () => tar([tarEntry('file', 'd'), 'x']);
  await t.throwsAsync(tree.extract('/', fileOverDirectory(), options), {
    message: 'cannot overwrite directory "/d" with non-directory "/"',
  });
  await t.throwsAsync(tree.extract('/', tar([tarEntry('directory', 'f')]), options), {
    message: 'cannot overwrite non-directory "/f" with directory "/"',
  });
  const pieces: Uint8Array[] = [];
  for await (const piece of fileOverDirectory()) pieces.push(piece);
  const zipped = (async function* () {
    yield gzipSync(Buffer.concat(pieces));
  })();
  const own = {uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0};
  await tree.extract('/', zipped, {...options, keepTypes: false, owner: own});
  t.is(readFileSync(join(root, 'd'), 'utf8'), 'x');
  const damaged = (async function* () {
    yield Buffer.from('notatar');
  })();
  await t.throwsAsync(tree.extract('/', damaged, options), {message: 'unexpected EOF'});
  t.throws(() => tree.checkDirectory('/f'), {message: 'extraction point is not a directory'});
});

test('the root of a process is taken only when it is the expected one', t => {
  const trees = new LinuxContainerTrees();
  t.throws(() => trees.openProcess(process.pid, directory(t)), {code: 'conflict'});
  using tree = trees.openProcess(process.pid, '/');
  t.is(tree.status(parseContainerPath('/')).name, '/');
});
