import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {type TarEntryType, type TarSource, tarEntry, writeTar} from '@longshore/oci';
import test, {type ExecutionContext} from 'ava';
import {packPath} from './pack.ts';
import {baseName, parseCopySide, planCopy} from './paths.ts';
import {unpack} from './unpack.ts';

function temporary(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'longshore-copy-'));
  t.teardown(() => rmSync(directory, {recursive: true, force: true}));
  return directory;
}

test('which side is in a container', t => {
  t.deepEqual(parseCopySide('web:/etc/x:y'), {container: 'web', path: '/etc/x:y'});
  for (const path of ['/a:b', './a:b', 'plain', '-', ':x']) {
    t.deepEqual(parseCopySide(path), path === ':x' ? {container: '', path: 'x'} : {container: undefined, path});
  }
});

test('where a source lands', t => {
  const target = (path: string, exists: boolean, isDirectory = false) => ({path, exists, isDirectory});
  t.deepEqual(planCopy({isDirectory: false}, target('/d', true, true)), {directory: '/d', rename: undefined});
  t.deepEqual(planCopy({isDirectory: true}, target('/d/new', false)), {directory: '/d', rename: 'new'});
  t.deepEqual(planCopy({isDirectory: false}, target('/file', true)), {directory: '/', rename: 'file'});
  t.deepEqual(planCopy({isDirectory: false}, target('x', false)), {directory: '.', rename: 'x'});
  t.is(t.throws(() => planCopy({isDirectory: true}, target('/f', true))).message, 'cannot copy directory');
  t.is(t.throws(() => planCopy({isDirectory: false}, target('/d/', false))).message, 'no such directory');
  t.is(baseName('/a/b/'), 'b');
  t.is(baseName('/'), '.');
});

test('a tree goes through an archive and back', async t => {
  const directory = temporary(t);
  const source = join(directory, 'src');
  mkdirSync(join(source, 'sub'), {recursive: true});
  writeFileSync(join(source, 'f'), 'content');
  chmodSync(join(source, 'f'), 0o4711);
  writeFileSync(join(source, 'sub/empty'), '');
  symlinkSync('f', join(source, 'link'));
  linkSync(join(source, 'f'), join(source, 'sub/hard'));
  const target = join(directory, 'out');
  mkdirSync(target);
  t.is(await unpack(packPath(source, 'src'), target, {rename: 'renamed', keepOwner: false}), 7);
  t.is(readFileSync(join(target, 'renamed/sub/hard'), 'utf8'), 'content');
  t.is(statSync(join(target, 'renamed/f')).mode & 0o7777, 0o4711);
  t.is(readlinkSync(join(target, 'renamed/link')), 'f');
  t.is(statSync(join(target, 'renamed/f')).ino, statSync(join(target, 'renamed/sub/hard')).ino);
  t.is(Math.trunc(statSync(join(target, 'renamed')).mtimeMs / 1000), Math.trunc(statSync(source).mtimeMs / 1000));
});

const entry = (type: TarEntryType, name: string, linkName = ''): TarSource => ({
  entry: tarEntry(type, name, {linkName: Buffer.from(linkName), size: type === 'file' ? 1 : 0}),
  body: type === 'file' ? [Buffer.from('x')] : [],
});

const hostile: [title: string, members: TarSource[], message: RegExp][] = [
  ['a name that climbs out', [entry('file', 'd/../../evil')], /outside of the destination/],
  ['a file through a link', [entry('symlink', 'l', '/tmp'), entry('file', 'l/evil')], /through the symbolic link/],
  [
    'a hard link through a link',
    [entry('symlink', 'l', '/etc'), entry('link', 'h', 'l/passwd')],
    /through the symbolic link/,
  ],
  ['a hard link that climbs out', [entry('link', 'h', '../../etc/passwd')], /outside of the destination/],
  ['a device', [entry('character', 'null')], /cannot create the character/],
];

for (const [title, members, message] of hostile) {
  test(`an archive with ${title} is refused`, async t => {
    const directory = temporary(t);
    const inner = join(directory, 'inner');
    mkdirSync(inner);
    await t.throwsAsync(unpack(writeTar(members), inner, {rename: undefined, keepOwner: false}), {message});
  });
}

test('a link that is in the way of a file is replaced, not followed', async t => {
  const directory = temporary(t);
  const victim = join(directory, 'victim');
  writeFileSync(victim, 'untouched');
  const inner = join(directory, 'inner');
  mkdirSync(inner);
  symlinkSync(victim, join(inner, 'f'));
  await unpack(writeTar([entry('file', 'f')]), inner, {rename: undefined, keepOwner: false});
  t.is(readFileSync(victim, 'utf8'), 'untouched');
  t.is(readFileSync(join(inner, 'f'), 'utf8'), 'x');
});

test('an absolute name stays inside', async t => {
  const directory = temporary(t);
  await unpack(writeTar([entry('file', '/abs')]), directory, {rename: undefined, keepOwner: false});
  t.is(readFileSync(join(directory, 'abs'), 'utf8'), 'x');
});

test('the root of a container gets a new name as a whole', async t => {
  const directory = temporary(t);
  const entry = (type: TarEntryType, name: string): TarSource => ({entry: tarEntry(type, name)});
  const members = [entry('directory', '/'), entry('directory', '/etc/'), entry('file', '/etc/f')];
  await unpack(writeTar(members), directory, {rename: 'new', keepOwner: false});
  t.true(statSync(join(directory, 'new/etc/f')).isFile());
});
