import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {getuid} from 'node:process';
import {makedev, mknod, S_IFCHR, setXattr} from '@longshore/linux';
import test from 'ava';
import {listChanges} from './changes.ts';

const rootTest = getuid?.() === 0 ? test : test.skip;

rootTest('added, modified, deleted, and what an opaque directory hides', async t => {
  const dir = mkdtempSync('/tmp/ls-changes-');
  t.teardown(() => rmSync(dir, {recursive: true}));
  const [upper, middle, lower] = ['upper', 'middle', 'lower'].map(name => join(dir, name)) as [string, string, string];
  for (const path of ['upper/etc', 'upper/opaque', 'middle', 'lower/etc', 'lower/opaque'])
    mkdirSync(join(dir, path), {recursive: true});
  for (const path of [
    'upper/etc/passwd',
    'lower/etc/passwd',
    'upper/new',
    'upper/opaque/same',
    'lower/opaque/same',
    'lower/back',
    'upper/back',
  ]) {
    writeFileSync(join(dir, path), '');
  }
  mknod(join(upper, 'gone'), S_IFCHR | 0o600, makedev(0, 0));
  mknod(join(middle, 'back'), S_IFCHR | 0o600, makedev(0, 0));
  setXattr(join(upper, 'opaque'), 'trusted.overlay.opaque', Buffer.from('y'));
  t.deepEqual(await listChanges(upper, [middle, lower], new AbortController().signal), [
    {path: '/back', kind: 1},
    {path: '/etc', kind: 0},
    {path: '/etc/passwd', kind: 0},
    {path: '/gone', kind: 2},
    {path: '/new', kind: 1},
    {path: '/opaque', kind: 0},
    {path: '/opaque/same', kind: 1},
  ]);
});
