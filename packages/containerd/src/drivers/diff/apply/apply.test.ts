import {execFileSync} from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {gzipSync, zstdCompressSync} from 'node:zlib';
import {codeOf, type ErrorCode} from '@longshore/errdefs';
import {CLONE_NEWNS, getXattr, MNT_DETACH, makeRprivate, mount, umount, unshare} from '@longshore/linux';
import {digestOf, tarEntry} from '@longshore/oci';
import test, {type ExecutionContext} from 'ava';
import {
  apply,
  dir,
  file,
  layer,
  link,
  type Member,
  overlayStack,
  plainStack,
  type Stack,
  symlink,
  tempDir,
} from './fixture.ts';

// Mounts stay with this process: synchronous calls of this thread see them, nobody else does.
unshare(CLONE_NEWNS);
makeRprivate('/');

const second = 1_000_000_000n;

/** Names with types and contents, sorted. */
function listing(root: string, below = ''): string[] {
  const lines: string[] = [];
  for (const name of readdirSync(join(root, below)).sort()) {
    const path = join(below, name);
    const status = lstatSync(join(root, path));
    if (status.isDirectory()) lines.push(`${path}/`, ...listing(root, path));
    else if (status.isSymbolicLink()) lines.push(`${path} -> ${readlinkSync(join(root, path))}`);
    else if (status.isFile()) lines.push(`${path} = ${readFileSync(join(root, path))}`);
    else lines.push(`${path} (node)`);
  }
  return lines;
}

const both = (name: string, run: (t: ExecutionContext, stack: Stack) => Promise<void>) => {
  test(`overlay: ${name}`, t => run(t, overlayStack(t)));
  test(`directory: ${name}`, t => run(t, plainStack(t)));
};

const stacked: [name: string, layers: Member[][], expected: string[]][] = [
  ['plain files', [[dir('a'), file('a/b', '1'), file('c', '2')]], ['a/', 'a/b = 1', 'c = 2']],
  ['missing parents are made', [[file('x/y/z', '1')]], ['x/', 'x/y/', 'x/y/z = 1']],
  ['a file replaces one of a lower layer', [[file('a', '1')], [file('a', '2')]], ['a = 2']],
  ['directories are merged', [[file('d/a', '1')], [dir('d'), file('d/b', '2')]], ['d/', 'd/a = 1', 'd/b = 2']],
  ['a file replaces a directory', [[file('d/a', '1')], [file('d', '2')]], ['d = 2']],
  ['a directory replaces a file', [[file('d', '1')], [dir('d'), file('d/a', '2')]], ['d/', 'd/a = 2']],
  ['a directory replaces a link', [[dir('e'), file('e/x'), symlink('d', 'e')], [dir('d')]], ['d/', 'e/', 'e/x = ']],
  ['a whiteout removes a file', [[file('a'), file('b')], [file('.wh.a')]], ['b = ']],
  ['a whiteout removes a directory', [[file('d/a'), file('d/e/b'), file('b')], [file('.wh.d')]], ['b = ']],
  ['a whiteout of nothing', [[file('a')], [file('.wh.b')]], ['a = ']],
  ['a whiteout in a directory that is nowhere else', [[file('a')], [file('n/.wh.b')]], ['a = ', 'n/']],
  [
    'a whiteout comes before its replacement',
    [[file('d/a', '1')], [file('.wh.d'), file('d/b', '2')]],
    ['d/', 'd/b = 2'],
  ],
  ['a whiteout comes before a directory', [[file('d/a', '1')], [file('.wh.d'), dir('d')]], ['d/']],
  [
    'a whiteout comes after its replacement',
    [[file('d/a', '1')], [file('d/b', '2'), file('.wh.d')]],
    ['d/', 'd/b = 2'],
  ],
  ['a whiteout comes after a file', [[file('a', '1')], [file('a', '2'), file('.wh.a')]], ['a = 2']],
  [
    'an opaque directory hides what is below',
    [
      [file('d/a', '1'), file('d/e/f', '1')],
      [dir('d'), file('d/.wh..wh..opq'), file('d/b', '2')],
    ],
    ['d/', 'd/b = 2'],
  ],
  [
    'an opaque mark after the files of the layer',
    [
      [file('d/a', '1'), file('d/e/f', '1')],
      [file('d/b', '2'), file('d/e/g', '3'), file('d/.wh..wh..opq')],
    ],
    ['d/', 'd/b = 2', 'd/e/', 'd/e/g = 3'],
  ],
  [
    'an opaque mark after whiteouts',
    [
      [file('d/a'), file('d/e/f')],
      [file('d/.wh.a'), file('d/e/.wh.f'), file('d/e/g', '2'), file('d/.wh..wh..opq')],
    ],
    ['d/', 'd/e/', 'd/e/g = 2'],
  ],
  ['marks of aufs mean nothing', [[file('a')], [file('.wh..wh.plnk'), file('.wh..wh.aufs')]], ['a = ']],
  [
    'three layers: removed and made again',
    [[file('d/a', '1')], [file('.wh.d')], [file('d/b', '3')]],
    ['d/', 'd/b = 3'],
  ],
  [
    'links of lower layers are followed inside the root',
    [
      [dir('usr/lib'), symlink('lib', 'usr/lib'), symlink('abs', '/usr/lib')],
      [file('lib/x', '1'), file('abs/y', '2')],
    ],
    ['abs -> /usr/lib', 'lib -> usr/lib', 'usr/', 'usr/lib/', 'usr/lib/x = 1', 'usr/lib/y = 2'],
  ],
  [
    'chains of links through several layers',
    [[dir('r/s'), symlink('r/up', '../q')], [symlink('q', 'r/s/../t')], [file('r/up/x', '3')]],
    ['q -> r/s/../t', 'r/', 'r/s/', 'r/t/', 'r/t/x = 3', 'r/up -> ../q'],
  ],
  ['a link in the same layer', [[symlink('l', 't'), file('l/x', '1')]], ['l -> t', 't/', 't/x = 1']],
  ['the last of equal names wins', [[file('a', '1'), file('a', '2'), file('a', '3')]], ['a = 3']],
  ['a directory twice keeps its files', [[dir('d'), file('d/a', '1'), dir('d')]], ['d/', 'd/a = 1']],
  ['a file, then a directory of that name', [[file('d', '1'), dir('d'), file('d/a', '2')]], ['d/', 'd/a = 2']],
  [
    'a directory, then a link of that name',
    [[file('d/a', '1'), symlink('d', 'e'), file('d/b', '2')]],
    ['d -> e', 'e/', 'e/b = 2'],
  ],
  ['a hard link to a lower layer', [[file('a', '1')], [link('b', 'a')]], ['a = 1', 'b = 1']],
  [
    'a hard link into a lower directory',
    [[file('d/a', '1')], [link('e/b', 'd/a')]],
    ['d/', 'd/a = 1', 'e/', 'e/b = 1'],
  ],
  ['a hard link in place of a file', [[file('a', '1'), file('b', '2'), link('b', 'a')]], ['a = 1', 'b = 1']],
  ['a hard link to itself', [[file('a', '1'), link('a', 'a')]], ['a = 1']],
  ['a hard link to a link', [[symlink('a', 'nowhere'), link('b', 'a')]], ['a -> nowhere', 'b -> nowhere']],
  ['absolute names are inside the root', [[file('/a', '1'), file('/d/../e', '2')]], ['a = 1', 'e = 2']],
  ['dots in names', [[file('./a/./b//c', '1')]], ['a/', 'a/b/', 'a/b/c = 1']],
];

for (const [name, layers, expected] of stacked) {
  both(name, async (t, stack) => {
    for (const members of layers) await stack.add(layer(...members));
    t.deepEqual(listing(stack.show()), expected);
  });
}

both('owner, mode, times and attributes', async (t, stack) => {
  const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex');
  const xattrs = new Map([
    ['security.capability', capability],
    ['user.note', Buffer.from('x\0y')],
    ['trusted.overlay.opaque', Buffer.from('y')],
  ]);
  const old = 1_000_000_000n * second + 123_456_789n;
  await stack.add(
    layer(
      dir('./', {mode: 0o1755, uid: 5, mtime: old}),
      dir('d', {mode: 0o2750, uid: 10, gid: 20, mtime: old}),
      file('d/suid', 'x', {mode: 0o6711, uid: 1000, gid: 3_000_000_000, mtime: old + 1n, xattrs}),
      file('before', 'x', {mtime: -5n * second}),
      [tarEntry('symlink', 'l', {linkName: Buffer.from('d'), uid: 7, mtime: old})],
      [tarEntry('fifo', 'p', {mode: 0o640})],
      [tarEntry('character', 'null', {devMajor: 1, devMinor: 3, mode: 0o666, gid: 9})],
      [tarEntry('block', 'disk', {devMajor: 259, devMinor: 70_000})],
    ),
  );
  const root = stack.show();
  const stat = (name: string) => lstatSync(join(root, name), {bigint: true});
  // Of the root nothing is taken.
  t.not(stat('.').uid, 5n);
  t.not(stat('.').mode & 0o7777n, 0o1755n);
  const d = stat('d');
  t.deepEqual([d.mode & 0o7777n, d.uid, d.gid, d.mtimeNs], [0o2750n, 10n, 20n, old]);
  const suid = stat('d/suid');
  t.deepEqual([suid.mode & 0o7777n, suid.uid, suid.gid, suid.mtimeNs], [0o6711n, 1000n, 3_000_000_000n, old + 1n]);
  t.true(getXattr(join(root, 'd/suid'), 'security.capability')?.equals(capability));
  t.is(getXattr(join(root, 'd/suid'), 'user.note')?.toString(), 'x\0y');
  t.is(getXattr(join(stack.top(), 'd/suid'), 'trusted.overlay.opaque'), undefined);
  t.is(stat('before').mtimeNs, -5n * second);
  t.deepEqual([stat('l').uid, stat('l').mtimeNs], [7n, old]);
  t.true(stat('p').isFIFO());
  t.is(stat('p').mode & 0o7777n, 0o640n);
  t.true(stat('null').isCharacterDevice());
  t.deepEqual([stat('null').rdev, stat('null').gid], [0x103n, 9n]);
  t.true(stat('disk').isBlockDevice());
  t.is(execFileSync('stat', ['-c', '%t %T', join(stack.top(), 'disk')]).toString(), '103 11170\n');
});

test('overlay: directories that come up from lower layers keep their attributes', async t => {
  const stack = overlayStack(t);
  const old = 1_000_000_000n * second;
  const xattrs = new Map([['user.note', Buffer.from('1')]]);
  await stack.add(layer(dir('d', {mode: 0o1770, uid: 11, gid: 22, mtime: old, xattrs}), dir('d/e', {mtime: old})));
  await stack.add(layer(file('other')));
  await stack.add(layer(file('d/e/new', '1')));
  const d = lstatSync(join(stack.top(), 'd'), {bigint: true});
  t.deepEqual([d.mode & 0o7777n, d.uid, d.gid, d.mtimeNs], [0o1770n, 11n, 22n, old]);
  t.is(getXattr(join(stack.top(), 'd'), 'user.note')?.toString(), '1');
  t.is(lstatSync(join(stack.top(), 'd/e'), {bigint: true}).mtimeNs, old);
  t.deepEqual(listing(stack.show()), ['d/', 'd/e/', 'd/e/new = 1', 'other = ']);
});

both('hard links share one inode', async (t, stack) => {
  await stack.add(layer(file('a', '1', {mode: 0o600}), link('d/b', 'a'), link('c', 'd/b')));
  const root = stack.show();
  t.is(statSync(join(root, 'a')).nlink, 3);
  t.is(statSync(join(root, 'a')).ino, statSync(join(root, 'c')).ino);
});

both('names that are not UTF-8', async (t, stack) => {
  const name = Buffer.from([0x66, 0xff, 0xfe]);
  await stack.add(
    layer([tarEntry('directory', name)], [tarEntry('file', Buffer.concat([name, Buffer.from('/x')])), '1']),
  );
  await stack.add(layer([tarEntry('file', Buffer.concat([name, Buffer.from('/y')])), '2']));
  const [found] = readdirSync(stack.show(), {encoding: 'buffer'});
  t.true(found?.equals(name));
});

both('sparse files stay sparse', async (t, stack) => {
  const scratch = tempDir(t);
  execFileSync('sh', ['-c', 'truncate -s 20M s && printf x | dd of=s bs=1 seek=5000000 conv=notrunc status=none'], {
    cwd: scratch,
  });
  const blob = execFileSync('tar', ['-S', '--format=pax', '-cf', '-', 's'], {cwd: scratch, maxBuffer: 64 << 20});
  await stack.add(blob);
  const status = statSync(join(stack.show(), 's'));
  t.is(status.size, 20 << 20);
  t.true(status.blocks * 512 < 1 << 20);
  t.is(readFileSync(join(stack.show(), 's'))[5_000_000], 'x'.charCodeAt(0));
});

const huge = 'x'.repeat(300);
const hostile: [name: string, members: Member[], code: ErrorCode, message: RegExp][] = [
  ['a name with ..', [file('../outside')], 'invalid-argument', /leaves the layer/],
  ['a name with .. after a directory', [file('a/../../outside')], 'invalid-argument', /leaves the layer/],
  ['an absolute name with ..', [file('/../outside')], 'invalid-argument', /leaves the layer/],
  ['a whiteout of ..', [file('.wh...')], 'invalid-argument', /removes nothing/],
  ['a whiteout of .', [file('d/.wh..')], 'invalid-argument', /removes nothing/],
  ['a whiteout of nothing', [file('d/.wh.')], 'invalid-argument', /removes nothing/],
  ['a hard link out', [link('l', '../outside')], 'invalid-argument', /leaves the layer/],
  ['a hard link to the root', [link('l', '/')], 'invalid-argument', /hard link to the root/],
  ['a hard link to a directory', [dir('d'), link('l', 'd')], 'invalid-argument', /hard link to a directory/],
  ['a hard link to nothing', [link('l', 'missing')], 'invalid-argument', /is not there/],
  ['a hard link through a link', [symlink('up', '..'), link('l', 'up/outside')], 'invalid-argument', /is not there/],
  [
    'a hard link through an absolute link',
    [symlink('e', '/etc'), link('l', 'e/passwd')],
    'invalid-argument',
    /is not there/,
  ],
  ['a file on the way', [file('f'), file('f/x')], 'invalid-argument', /"f" is not a directory/],
  [
    'a loop of links',
    [symlink('a', 'b'), symlink('b', 'a'), file('a/x')],
    'invalid-argument',
    /too many symbolic links/,
  ],
  ['a root that is a file', [file('/')], 'invalid-argument', /root of the layer is a file/],
  ['a name that is too long', [file(huge)], 'invalid-argument', /ENAMETOOLONG/],
];

for (const [name, members, code, message] of hostile) {
  both(`refuses ${name}`, async (t, stack) => {
    await stack.add(layer(file('innocent')));
    const error = await t.throwsAsync(stack.add(layer(...members)), {message});
    t.is(codeOf(error), code);
  });
}

const escapes: [name: string, members: Member[]][] = [
  ['a link up, then a file through it', [symlink('up', '../../../../..'), file('up/outside', 'evil')]],
  ['an absolute link, then a file through it', [symlink('abs', '/tmp'), file('abs/outside', 'evil')]],
  ['a link to a link out', [symlink('a', '/'), symlink('b', 'a/tmp'), file('b/outside', 'evil')]],
  ['a link in place of a directory', [dir('d'), file('d/x'), symlink('d', '/tmp'), file('d/outside', 'evil')]],
  ['a magic link', [symlink('d', '/proc/self/root'), file('d/tmp/outside', 'evil')]],
  ['a magic link to the working directory', [symlink('d', '/proc/self/cwd'), file('d/outside', 'evil')]],
  [
    'a device, then a file through it',
    [[tarEntry('character', 'dev', {devMajor: 1, devMinor: 3})], file('dev', 'evil')],
  ],
  ['a link, then a file of that name', [symlink('f', '/tmp/outside'), file('f', 'evil')]],
  ['a link, then a directory of that name', [symlink('f', '/tmp'), dir('f', {mode: 0o700, uid: 666})]],
  [
    'a hard link to a link, then a file of that name',
    [symlink('a', '/tmp/outside'), link('b', 'a'), file('b', 'evil')],
  ],
  ['a whiteout through a link', [symlink('d', '/tmp'), file('d/.wh.victim')]],
  ['an opaque mark through a link', [symlink('d', '/tmp'), file('d/.wh..wh..opq')]],
];

for (const [name, members] of escapes) {
  both(`stays inside with ${name}`, async (t, stack) => {
    const before = statSync('/tmp').mode;
    writeFileSync('/tmp/victim', 'alive');
    await stack.add(layer(file('innocent')));
    // Some of these are fine inside the root, some are refused: neither may touch anything outside.
    await stack.add(layer(...members)).catch(error => t.not(codeOf(error), 'internal', String(error)));
    t.false(existsSync('/tmp/outside'));
    t.false(existsSync('/outside'));
    t.false(existsSync(join(process.cwd(), 'outside')));
    t.is(readFileSync('/tmp/victim', 'utf8'), 'alive');
    t.is(statSync('/tmp').mode, before);
    t.is(statSync('/tmp').uid, 0);
  });
}

test('gzip, zstd, several of them in a row, and wrong labels', async t => {
  const tar = layer(file('a', 'x'.repeat(100_000)));
  const cut = [tar.subarray(0, 1000), tar.subarray(1000)] as const;
  const cases: [Buffer, 'gzip' | 'zstd' | 'none'][] = [
    [tar, 'none'],
    [gzipSync(tar), 'gzip'],
    [zstdCompressSync(tar), 'zstd'],
    [zstdCompressSync(tar), 'gzip'],
    [tar, 'gzip'],
    [Buffer.concat(cut.map(part => gzipSync(part))), 'gzip'],
    [Buffer.concat(cut.map(part => zstdCompressSync(part))), 'zstd'],
    [Buffer.concat([gzipSync(tar), Buffer.alloc(5000)]), 'gzip'],
    [Buffer.concat([zstdCompressSync(tar), Buffer.from('502a4d1804000000deadbeef', 'hex')]), 'zstd'],
  ];
  for (const [blob, compression] of cases) {
    const root = tempDir(t);
    const result = await apply(t, {kind: 'directory', path: root}, blob, {compression});
    t.is(result.digest, digestOf(tar));
    t.is(result.size, tar.length);
    t.is(readFileSync(join(root, 'a')).length, 100_000);
  }
});

test('damaged, cut and lying blobs are refused', async t => {
  const tar = layer(file('a', 'x'.repeat(100_000)));
  const refused = async (blob: Buffer, code: ErrorCode, message: RegExp, options: Parameters<typeof apply>[3] = {}) => {
    const error = await t.throwsAsync(apply(t, {kind: 'directory', path: tempDir(t)}, blob, options), {message});
    t.is(codeOf(error), code);
  };
  const gzip = gzipSync(tar);
  const broken = Buffer.from(gzip);
  broken.fill(0x55, 40, 60);
  await refused(broken, 'invalid-argument', /cannot decompress/, {compression: 'gzip'});
  await refused(gzip.subarray(0, gzip.length - 20), 'invalid-argument', /cannot decompress/, {compression: 'gzip'});
  await refused(tar.subarray(0, 5000), 'invalid-argument', /ends in the middle/);
  await refused(Buffer.from('garbage'.repeat(1000)), 'invalid-argument', /invalid tar/);
  await refused(tar, 'data-loss', /damaged on disk/, {digest: digestOf('other')});
  await refused(tar, 'not-found', /cannot read blob/, {blob: '/nonexistent'});
  const bomb = gzipSync(Buffer.alloc(20 << 20));
  await refused(
    Buffer.concat([gzipSync(tar.subarray(0, 101_888)), bomb]),
    'resource-exhausted',
    /more than 1048576 bytes/,
    {
      compression: 'gzip',
      maxBytes: 1 << 20,
    },
  );
  const many = layer(...Array.from({length: 20}, (_, i) => file(`f${i}`)));
  await refused(many, 'resource-exhausted', /more than 10 entries/, {maxEntries: 10});
  await refused(tar, 'canceled', /canceled/, {cancel: new Int32Array([1])});
});

test('a full disk is reported as such', async t => {
  const root = tempDir(t);
  mount('tmpfs', root, 'tmpfs', 0, 'size=64k');
  t.teardown(() => umount(root, MNT_DETACH));
  const error = await t.throwsAsync(
    apply(t, {kind: 'directory', path: root}, layer(file('a', Buffer.alloc(1 << 20, 1)))),
  );
  t.is(codeOf(error), 'resource-exhausted');
});

test('no descriptor stays open, whatever happens', async t => {
  const count = () => readdirSync('/proc/self/fd').length;
  const stack = overlayStack(t);
  await stack.add(layer(...Array.from({length: 300}, (_, i) => file(`d${i}/x`, '1'))));
  await stack.add(layer(file('y', '1')));
  const before = count();
  await stack.add(layer(...Array.from({length: 300}, (_, i) => file(`d${i}/z`, '2'))));
  await t.throwsAsync(stack.add(layer(file('d1/z', '3'), file('d1/z/../../../x'))));
  await t.throwsAsync(apply(t, {kind: 'directory', path: tempDir(t)}, layer(file('a', '12345')).subarray(0, 514)));
  t.true(count() <= before, `${before} before, ${count()} after`);
});

test('a mounted target is mounted for the time only', async t => {
  const root = tempDir(t);
  for (const name of ['l', 'u', 'w']) mkdirSync(join(root, name));
  writeFileSync(join(root, 'l/gone'), 'x');
  const options = [`lowerdir=${root}/l`, `upperdir=${root}/u`, `workdir=${root}/w`, 'redirect_dir=off'];
  const target = {kind: 'mounts' as const, mounts: [{type: 'overlay', source: 'overlay', target: '', options}]};
  await apply(t, target, layer(file('.wh.gone'), file('new', '1')));
  t.false(readFileSync('/proc/self/mountinfo', 'utf8').includes(`${root}/u`));
  t.deepEqual(
    readdirSync('/tmp').filter(name => name.startsWith('longshore-mount-')),
    [],
  );
  t.deepEqual(readdirSync(join(root, 'u')).sort(), ['gone', 'new']);
  t.true(lstatSync(join(root, 'u/gone')).isCharacterDevice());
});
