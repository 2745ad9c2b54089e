import {chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {compareTrees} from './tree-changes.ts';

test('added, modified and deleted paths, and the directories above them', async t => {
  const root = mkdtempSync(join(tmpdir(), 'ls-changes-'));
  t.teardown(() => rmSync(root, {recursive: true}));
  const [own, parent] = [join(root, 'own'), join(root, 'parent')];
  for (const tree of [own, parent]) {
    for (const directory of ['a/b', 'same', 'gone/below', 'mode']) mkdirSync(join(tree, directory), {recursive: true});
    for (const file of ['a/b/changed', 'a/kept', 'same/kept', 'file-to-directory', 'gone/below/file', 'touched']) {
      writeFileSync(join(tree, file), file);
      utimesSync(join(tree, file), 1000, 1000);
    }
  }
  writeFileSync(join(own, 'a/b/changed'), 'longer than it was');
  utimesSync(join(own, 'touched'), 1000, 2000);
  chmodSync(join(own, 'mode'), 0o700);
  rmSync(join(own, 'gone'), {recursive: true});
  rmSync(join(own, 'file-to-directory'));
  mkdirSync(join(own, 'file-to-directory'));
  writeFileSync(join(own, 'file-to-directory/inside'), '');
  mkdirSync(join(own, 'new/deep'), {recursive: true});
  symlinkSync('/etc', join(own, 'new/deep/link'));
  t.deepEqual(await compareTrees(own, parent, new AbortController().signal), [
    {path: '/a', kind: 0},
    {path: '/a/b', kind: 0},
    {path: '/a/b/changed', kind: 0},
    {path: '/file-to-directory', kind: 0},
    {path: '/file-to-directory/inside', kind: 1},
    {path: '/gone', kind: 2},
    {path: '/mode', kind: 0},
    {path: '/new', kind: 1},
    {path: '/new/deep', kind: 1},
    {path: '/new/deep/link', kind: 1},
    {path: '/touched', kind: 0},
  ]);
});
