import {execFileSync} from 'node:child_process';
import {chownSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {closeFd} from './fd.ts';
import {makeRprivate, umount} from './mount.ts';
import {createUserAndNetns, openUserNamespace} from './mount-idmapped.ts';
import {mountShifted} from './mount-shifted.ts';
import {CLONE_NEWNS, deleteNetns, unshare} from './namespaces.ts';

// Mounts stay with this process: synchronous calls of this thread see them, nobody else does.
unshare(CLONE_NEWNS);
makeRprivate('/');

const mapping = {uidmap: '0:100000:65536,4294967294:0:1', gidmap: '0:200000:65536,4294967294:0:1'};

function layers() {
  const root = mkdtempSync(join(tmpdir(), 'shifted-'));
  for (const path of ['1/fs/dir', '2/fs', '3/fs', '3/work', 'merged']) mkdirSync(join(root, path), {recursive: true});
  for (const name of ['1/fs/file', '1/fs/gone', '2/fs/owned', '1/fs/dir/deep']) writeFileSync(join(root, name), 'x');
  chownSync(join(root, '2/fs/owned'), 1000, 1000);
  return root;
}

test('an overlay shows shifted owners, and writes the owners of the container', t => {
  const root = layers();
  const namespace = openUserNamespace(mapping);
  const merged = join(root, 'merged');
  const owner = (path: string) => [lstatSync(path).uid, lstatSync(path).gid];
  const options = [`lowerdir=${root}/2/fs:${root}/1/fs`, `upperdir=${root}/3/fs`, `workdir=${root}/3/work`];
  mountShifted([{type: 'overlay', source: 'overlay', options: ['index=off', ...options]}], merged, namespace);
  try {
    t.deepEqual(owner(merged), [100_000, 200_000]);
    t.deepEqual(owner(join(merged, 'owned')), [101_000, 201_000]);
    writeFileSync(join(merged, 'file'), 'changed');
    rmSync(join(merged, 'gone'));
    rmSync(join(merged, 'dir'), {recursive: true});
    mkdirSync(join(merged, 'dir'));
    writeFileSync(join(merged, 'new'), '');
    chownSync(join(merged, 'new'), 100_007, 200_008);
    t.deepEqual(readdirSync(merged).sort(), ['dir', 'file', 'new', 'owned']);
    t.deepEqual(readdirSync(join(merged, 'dir')), []);
  } finally {
    umount(merged);
    closeFd(namespace);
  }
  t.deepEqual(owner(join(root, '3/fs/file')), [0, 0]);
  t.deepEqual(owner(join(root, '3/fs/new')), [7, 8]);
  t.true(statSync(join(root, '3/fs/gone')).isCharacterDevice());
  rmSync(root, {recursive: true});
});

test('a bind of a single layer is shifted too', t => {
  const root = layers();
  const namespace = openUserNamespace(mapping);
  const merged = join(root, 'merged');
  mountShifted([{type: 'bind', source: join(root, '2/fs'), options: ['ro', 'rbind']}], merged, namespace);
  t.is(statSync(join(merged, 'owned')).uid, 101_000);
  t.throws(() => writeFileSync(join(merged, 'new'), ''), {code: 'EROFS'});
  umount(merged);
  closeFd(namespace);
  rmSync(root, {recursive: true});
  t.deepEqual(
    readdirSync(tmpdir()).filter(name => name.startsWith('ls-shift-')),
    [],
  );
});

test('a network namespace belongs to the user namespace that was made with it', t => {
  const root = mkdtempSync(join(tmpdir(), 'shifted-'));
  const [user, net] = [join(root, 'user'), join(root, 'net')];
  createUserAndNetns({uidmap: '0:100000:65536', gidmap: '0:100000:65536'}, user, net);
  const inside = ['nsenter', `--user=${user}`, `--net=${net}`, '--setuid', '0', '--setgid', '0'];
  const [command = '', ...args] = [...inside, 'ip', 'link', 'set', 'lo', 'up'];
  t.notThrows(() => execFileSync(command, args, {timeout: 10_000}));
  t.throws(() => createUserAndNetns(mapping, user, join(root, 'other')), {message: /exist/});
  for (const path of [user, net]) deleteNetns(path);
  t.deepEqual(readdirSync(root), []);
  rmSync(root, {recursive: true});
});
