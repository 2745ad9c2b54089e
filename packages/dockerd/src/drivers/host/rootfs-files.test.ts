import {existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {replaceLinkByDirectory} from './rootfs-files.ts';

test('a link gives way to a directory, and nothing behind it is touched', t => {
  const directory = mkdtempSync('/tmp/ls-rootfs-');
  t.teardown(() => rmSync(directory, {recursive: true}));
  const [root, outside] = [join(directory, 'root'), join(directory, 'outside')];
  for (const path of [join(root, 'proc/kept'), outside]) mkdirSync(path, {recursive: true});
  writeFileSync(join(outside, 'file'), '');
  writeFileSync(join(root, 'sys'), '');
  symlinkSync(outside, join(root, 'dev'));
  for (const name of ['dev', 'proc', 'sys', 'nothing']) replaceLinkByDirectory(root, name);
  t.true(lstatSync(join(root, 'dev')).isDirectory());
  t.deepEqual(readdirSync(outside), ['file']);
  t.true(existsSync(join(root, 'proc/kept')) && lstatSync(join(root, 'sys')).isFile());
  t.false(existsSync(join(root, 'nothing')));
});
