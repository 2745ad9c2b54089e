import {mkdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import test from 'ava';
import {
  AT_FDCWD,
  closeFd,
  isErrno,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_PATH,
  O_RDONLY,
  O_WRONLY,
  openAt,
  openAt2,
  openInRoot,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
  writeFd,
} from './index.ts';
import {tempDir} from './test-support.ts';

function rootWithTraps(dir: string): string {
  const root = `${dir}/root`;
  mkdirSync(`${root}/etc`, {recursive: true});
  mkdirSync(`${dir}/etc`);
  writeFileSync(`${root}/etc/passwd`, 'inside');
  writeFileSync(`${dir}/etc/passwd`, 'outside');
  symlinkSync('/etc', `${root}/absolute`);
  symlinkSync('../../../../etc', `${root}/etc/dots`);
  symlinkSync('/proc/self/root', `${root}/magic`);
  return root;
}

function read(fd: number): string {
  try {
    return readFileSync(`/proc/self/fd/${fd}`, 'utf8');
  } finally {
    closeFd(fd);
  }
}

test('paths that try to leave the root stay inside', t => {
  const root = rootWithTraps(tempDir(t));
  for (const path of ['/etc/passwd', '../../etc/passwd', 'absolute/passwd', 'etc/dots/passwd'])
    t.is(read(openInRoot(root, path, O_RDONLY)), 'inside', path);
  const dirfd = openAt(AT_FDCWD, root, O_PATH | O_DIRECTORY);
  t.is(read(openInRoot(dirfd, 'absolute/passwd', O_RDONLY)), 'inside');
  closeFd(dirfd);
});

test('magic links and links that are forbidden are refused', t => {
  const dir = tempDir(t);
  const root = rootWithTraps(dir);
  symlinkSync('/proc/self/cwd', `${root}/cwd`);
  t.throws(() => openInRoot(root, 'cwd/x', O_RDONLY), {code: 'not-found'}, 'there is no /proc in the root');
  const dirfd = openAt(AT_FDCWD, root, O_PATH);
  const open = (path: string, resolve: number) => () => openAt2(dirfd, path, {flags: O_RDONLY, resolve});
  t.true(isErrno(t.throws(open('absolute/passwd', RESOLVE_NO_SYMLINKS)), 'ELOOP'));
  t.true(isErrno(t.throws(open('absolute/passwd', RESOLVE_BENEATH)), 'EXDEV'));
  t.true(isErrno(t.throws(open('../etc/passwd', RESOLVE_BENEATH)), 'EXDEV'));
  closeFd(dirfd);
  t.true(
    isErrno(
      t.throws(() => openAt2(AT_FDCWD, '/proc/self', {flags: O_RDONLY, resolve: RESOLVE_NO_XDEV})),
      'EXDEV',
    ),
  );
});

test('a file is created with its mode, and only if it is new when asked so', t => {
  const root = rootWithTraps(tempDir(t));
  const flags = O_WRONLY | O_CREAT | O_EXCL;
  const fd = openInRoot(root, 'absolute/new', flags, 0o640);
  writeFd(fd, Buffer.from('x'));
  closeFd(fd);
  t.is(readFileSync(`${root}/etc/new`, 'utf8'), 'x');
  t.throws(() => openInRoot(root, 'etc/new', flags, 0o640), {code: 'already-exists'});
});
