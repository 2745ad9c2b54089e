import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {fillInitLayer} from './init-layer.ts';

function makeRoot(t: ExecutionContext): {root: string; outside: string} {
  const dir = mkdtempSync('/tmp/ls-init-');
  t.teardown(() => rmSync(dir, {recursive: true}));
  for (const name of ['root', 'outside']) mkdirSync(join(dir, name));
  return {root: join(dir, 'root'), outside: join(dir, 'outside')};
}

test('an empty image gets everything, and a second time changes nothing', t => {
  const {root} = makeRoot(t);
  for (let time = 0; time < 2; time++) fillInitLayer(root);
  t.deepEqual(readdirSync(root).sort(), ['.dockerenv', 'dev', 'etc', 'proc', 'sys']);
  t.deepEqual(readdirSync(join(root, 'dev')).sort(), ['console', 'pts', 'shm']);
  t.deepEqual(readdirSync(join(root, 'etc')).sort(), ['hostname', 'hosts', 'mtab', 'resolv.conf']);
  t.is(readlinkSync(join(root, 'etc/mtab')), '/proc/mounts');
  t.is(lstatSync(join(root, '.dockerenv')).size, 0);
});

test('what the image has stays', t => {
  const {root} = makeRoot(t);
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/hosts'), 'own');
  symlinkSync('elsewhere', join(root, 'etc/mtab'));
  fillInitLayer(root);
  t.is(lstatSync(join(root, 'etc/hosts')).size, 3);
  t.is(readlinkSync(join(root, 'etc/mtab')), 'elsewhere');
});

test('links of a hostile image lead nowhere', t => {
  const {root, outside} = makeRoot(t);
  symlinkSync(outside, join(root, 'etc'));
  symlinkSync('../outside', join(root, 'dev'));
  symlinkSync(join(outside, 'made'), join(root, '.dockerenv'));
  writeFileSync(join(root, 'sys'), 'a file');
  fillInitLayer(root);
  t.deepEqual(readdirSync(outside), []);
  t.true(existsSync(join(root, 'proc')));
  for (const name of ['dev', 'sys', 'dev/pts']) t.true(lstatSync(join(root, name)).isDirectory(), name);
});
