import {readFileSync, readlinkSync, statSync, writeFileSync} from 'node:fs';
import test from 'ava';
import {
  AT_FDCWD,
  closeFd,
  dup,
  eventfd,
  fcntl,
  flock,
  isErrno,
  memfd,
  mkfifo,
  O_CLOEXEC,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  openAt,
  POLLHUP,
  POLLIN,
  pipe,
  pollFd,
  readFd,
  setCloexec,
  setNonblock,
  setPipeSize,
  splice,
  statusFlags,
  writeFd,
} from './index.ts';
import {tempDir} from './test-support.ts';

const F_GETFD = 1;

test('pipes and duplicates are not inherited', t => {
  const {read, write} = pipe();
  const copy = dup(write, 100);
  t.true(copy >= 100);
  for (const fd of [read, write, copy]) t.is(fcntl(fd, F_GETFD, 0), 1);
  setCloexec(copy, false);
  t.is(fcntl(copy, F_GETFD, 0), 0);
  for (const fd of [read, write, copy]) closeFd(fd);
  t.true(
    isErrno(
      t.throws(() => closeFd(read)),
      'EBADF',
    ),
  );
});

test('reads and writes say when they would block and when it ends', t => {
  const {read, write} = pipe(O_NONBLOCK);
  const buffer = Buffer.alloc(4);
  t.is(readFd(read, buffer), undefined);
  t.is(writeFd(write, Buffer.from('abcdef'), 1, 3), 3);
  t.is(readFd(read, buffer), 3);
  t.is(buffer.toString('latin1', 0, 3), 'bcd');
  while (writeFd(write, Buffer.alloc(4096)) !== undefined);
  t.is(writeFd(write, Buffer.from('x')), undefined);
  closeFd(write);
  t.is(pollFd(read, POLLIN), POLLIN | POLLHUP);
  const rest = Buffer.alloc(1 << 20);
  t.is(readFd(read, rest), 65536);
  t.is(readFd(read, rest), 0);
  closeFd(read);
});

test('non-blocking mode belongs to the description', t => {
  const {read, write} = pipe();
  const copy = dup(read);
  setNonblock(copy);
  t.is(statusFlags(read) & O_NONBLOCK, O_NONBLOCK);
  setNonblock(copy, false);
  t.is(statusFlags(read) & O_NONBLOCK, 0);
  for (const fd of [read, write, copy]) closeFd(fd);
});

test('splice moves bytes between pipes', t => {
  const a = pipe(O_NONBLOCK);
  const b = pipe(O_NONBLOCK);
  t.is(splice(a.read, b.write, 100), undefined);
  writeFd(a.write, Buffer.from('spliced'));
  t.is(splice(a.read, b.write, 100), 7);
  const buffer = Buffer.alloc(10);
  t.is(readFd(b.read, buffer), 7);
  t.is(buffer.toString('latin1', 0, 7), 'spliced');
  closeFd(a.write);
  t.is(splice(a.read, b.write, 100), 0);
  for (const fd of [a.read, b.read, b.write]) closeFd(fd);
});

test('a pipe can be made larger', t => {
  const {read, write} = pipe();
  t.is(setPipeSize(read, 200_000), 262_144);
  for (const fd of [read, write]) closeFd(fd);
});

test('a fifo is made with its mode and only once', t => {
  const path = `${tempDir(t)}/fifo`;
  mkfifo(path, 0o600);
  t.true(statSync(path).isFIFO());
  t.is(statSync(path).mode & 0o777, 0o600);
  t.throws(() => mkfifo(path), {code: 'already-exists'});
});

test('an eventfd counts', t => {
  const fd = eventfd(3);
  const buffer = Buffer.alloc(8);
  t.is(readFd(fd, buffer), 8);
  t.is(buffer.readBigUInt64LE(), 3n);
  t.is(readFd(fd, buffer), undefined);
  closeFd(fd);
});

test('a memory file is a file', t => {
  const fd = memfd('longshore');
  writeFd(fd, Buffer.from('content'));
  t.is(readFileSync(`/proc/self/fd/${fd}`, 'utf8'), 'content');
  t.regex(readlinkSync(`/proc/self/fd/${fd}`), /memfd:longshore/);
  closeFd(fd);
});

test('a lock held by another description is not waited for', t => {
  const path = `${tempDir(t)}/lock`;
  writeFileSync(path, '');
  const first = openAt(AT_FDCWD, path, O_RDWR | O_CLOEXEC);
  const second = openAt(AT_FDCWD, path, O_RDONLY);
  t.true(flock(first, 'exclusive'));
  t.false(flock(second, 'shared'));
  t.true(flock(first, 'unlock'));
  t.true(flock(second, 'shared'));
  for (const fd of [first, second]) closeFd(fd);
});
