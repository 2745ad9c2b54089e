import {readFileSync, readlinkSync, statSync, writeFileSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {
  AT_FDCWD,
  AT_REMOVEDIR,
  closeFd,
  fchmodAt,
  fchownAt,
  fstatAt,
  fstatAtIfExists,
  getXattr,
  isErrno,
  linkAt,
  listXattrs,
  major,
  makedev,
  minor,
  mkdirAt,
  mknodAt,
  mount,
  O_DIRECTORY,
  O_PATH,
  O_RDONLY,
  openAt,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  readlinkAt,
  removeXattr,
  renameAt2,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  setXattr,
  symlinkAt,
  unlinkAt,
  unmountAll,
  utimensAt,
  XATTR_CREATE,
  XATTR_REPLACE,
} from './index.ts';
import {rootTest, tempDir} from './test-support.ts';

function open(t: ExecutionContext): {dir: string; dirfd: number} {
  const dir = tempDir(t);
  const dirfd = openAt(AT_FDCWD, dir, O_PATH | O_DIRECTORY);
  t.teardown(() => closeFd(dirfd));
  return {dir, dirfd};
}

test('files of every kind are made and looked at through a directory descriptor', t => {
  const {dir, dirfd} = open(t);
  mkdirAt(dirfd, 'sub', 0o755);
  writeFileSync(`${dir}/sub/file`, 'abc');
  symlinkAt('file', dirfd, 'sub/link');
  linkAt(dirfd, 'sub/file', dirfd, 'hard');
  mknodAt(dirfd, 'fifo', S_IFIFO | 0o600);
  t.is(readFileSync(`${dir}/hard`, 'utf8'), 'abc');
  t.is(fstatAt(dirfd, 'sub').mode & S_IFMT, S_IFDIR);
  t.is(fstatAt(dirfd, 'sub/link').mode & S_IFMT, S_IFLNK);
  t.is(fstatAt(dirfd, 'sub/link', {followLinks: true}).mode & S_IFMT, S_IFREG);
  t.is(fstatAt(dirfd, 'fifo').mode & S_IFMT, S_IFIFO);
  t.like(fstatAt(dirfd, 'hard'), {nlink: 2, size: 3n, uid: process.getuid!()});
  t.is(fstatAt(dirfd, '').mode & S_IFMT, S_IFDIR);
  t.is(readlinkAt(dirfd, 'sub/link').toString(), 'file');
  t.is(fstatAtIfExists(dirfd, 'none'), undefined);
  t.throws(() => fstatAt(dirfd, 'none'), {code: 'not-found'});
  unlinkAt(dirfd, 'hard');
  t.throws(() => unlinkAt(dirfd, 'sub', AT_REMOVEDIR), {code: 'failed-precondition'});
  t.throws(() => mkdirAt(dirfd, 'sub', 0o755), {code: 'already-exists'});
});

test('status agrees with the runtime’s', t => {
  const {dirfd, dir} = open(t);
  writeFileSync(`${dir}/f`, Buffer.alloc(5000));
  const ours = fstatAt(dirfd, 'f');
  const theirs = statSync(`${dir}/f`, {bigint: true});
  for (const key of ['size', 'ino', 'dev', 'rdev', 'blocks', 'atimeNs', 'mtimeNs', 'ctimeNs'] as const)
    t.is(ours[key], theirs[key], key);
  t.is(BigInt(ours.mode), theirs.mode);
});

test('names need not be text', t => {
  const {dirfd} = open(t);
  const name = Buffer.of(0xff, 0xfe, 0x41);
  mkdirAt(dirfd, name, 0o700);
  t.is(fstatAt(dirfd, name).mode & 0o777, 0o700);
  symlinkAt(name, dirfd, 'link');
  t.true(readlinkAt(dirfd, 'link').equals(name));
  symlinkAt('x'.repeat(1000), dirfd, 'long');
  t.is(readlinkAt(dirfd, 'long').length, 1000);
  t.throws(() => mkdirAt(dirfd, Buffer.of(0x41, 0, 0x42), 0o700), {code: 'invalid-argument'});
});

test('times are set to the nanosecond, also before 1970 and on links themselves', t => {
  const {dirfd, dir} = open(t);
  symlinkAt('nowhere', dirfd, 'link');
  utimensAt(dirfd, 'link', {atime: 1_600_000_000_123_456_789n, mtime: -1n});
  t.like(fstatAt(dirfd, 'link'), {atimeNs: 1_600_000_000_123_456_789n, mtimeNs: -1n});
  utimensAt(dirfd, 'link', {mtime: -1_500_000_000n});
  t.like(fstatAt(dirfd, 'link'), {atimeNs: 1_600_000_000_123_456_789n, mtimeNs: -1_500_000_000n});
  writeFileSync(`${dir}/file`, '');
  fchmodAt(dirfd, 'file', 0o4751);
  t.is(fstatAt(dirfd, 'file').mode & 0o7777, 0o4751);
});

test('renames do not replace, or exchange', t => {
  const {dirfd, dir} = open(t);
  for (const name of ['a', 'b']) writeFileSync(`${dir}/${name}`, name);
  t.throws(() => renameAt2(dirfd, 'a', dirfd, 'b', RENAME_NOREPLACE), {code: 'already-exists'});
  renameAt2(dirfd, 'a', dirfd, 'b', RENAME_EXCHANGE);
  t.is(readFileSync(`${dir}/a`, 'utf8'), 'b');
  renameAt2(dirfd, 'a', dirfd, 'b');
  t.is(readFileSync(`${dir}/b`, 'utf8'), 'b');
});

test('device numbers are packed as the C library does', t => {
  t.is(makedev(1, 3), 259n);
  t.is(makedev(259, 300), (0x12cn & 0xffn) | (259n << 8n) | (0x100n << 12n));
  for (const [high, low] of [
    [0, 0],
    [8, 1],
    [4095, 255],
    [4096, 256],
    [0xfffff, 0xffffff],
  ] as const) {
    t.is(major(makedev(high, low)), high);
    t.is(minor(makedev(high, low)), low);
  }
});

rootTest('owners and devices', t => {
  const {dirfd, dir} = open(t);
  mknodAt(dirfd, 'null', S_IFCHR | 0o666, makedev(1, 3));
  t.is(fstatAt(dirfd, 'null').rdev, makedev(1, 3));
  symlinkAt('null', dirfd, 'link');
  fchownAt(dirfd, 'link', 1234, -1);
  t.like(fstatAt(dirfd, 'link'), {uid: 1234, gid: 0});
  t.is(fstatAt(dirfd, 'null').uid, 0);
  t.is(readlinkSync(`${dir}/link`), 'null');
});

rootTest('extended attributes of files, links and descriptors', t => {
  const {dirfd, dir} = open(t);
  mount('tmpfs', dir, 'tmpfs', 0);
  t.teardown(() => unmountAll(dir));
  const file = `${dir}/file`;
  writeFileSync(file, '');
  t.deepEqual(listXattrs(file), []);
  t.is(getXattr(file, 'trusted.a'), undefined);
  setXattr(file, 'trusted.overlay.opaque', Buffer.from('y'), XATTR_CREATE);
  t.throws(() => setXattr(file, 'trusted.overlay.opaque', Buffer.from('y'), XATTR_CREATE), {code: 'already-exists'});
  setXattr(file, 'trusted.bytes', Buffer.of(0, 1, 255));
  setXattr(file, 'trusted.empty', Buffer.alloc(0));
  t.true(getXattr(file, 'trusted.bytes')!.equals(Buffer.of(0, 1, 255)));
  t.is(getXattr(file, 'trusted.empty')!.length, 0);
  t.deepEqual(listXattrs(file).toSorted(), ['trusted.bytes', 'trusted.empty', 'trusted.overlay.opaque']);
  removeXattr(file, 'trusted.bytes');
  t.true(
    isErrno(
      t.throws(() => removeXattr(file, 'trusted.bytes')),
      'ENODATA',
    ),
  );
  t.true(
    isErrno(
      t.throws(() => setXattr(file, 'trusted.x', Buffer.alloc(1), XATTR_REPLACE)),
      'ENODATA',
    ),
  );
  const here = openAt(AT_FDCWD, dir, O_PATH);
  symlinkAt('nowhere', here, 'link');
  closeFd(here);
  setXattr(`${dir}/link`, 'trusted.link', Buffer.from('l'));
  t.is(getXattr(`${dir}/link`, 'trusted.link')!.toString(), 'l');
  const fd = openAt(AT_FDCWD, file, O_RDONLY);
  setXattr(fd, 'trusted.fd', Buffer.from('f'));
  t.is(getXattr(fd, 'trusted.fd')!.toString(), 'f');
  t.true(listXattrs(fd).includes('trusted.fd'));
  removeXattr(fd, 'trusted.fd');
  closeFd(fd);
  t.is(getXattr('/proc/self/status', 'user.x'), undefined, 'a file system without attributes');
  t.truthy(dirfd);
});
