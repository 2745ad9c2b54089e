import {existsSync, readdirSync, statSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {
  acceptUnix,
  closeFd,
  connectUnix,
  isErrno,
  listenUnix,
  peerCredentials,
  pipe,
  readFd,
  receiveFds,
  sendFds,
  setBacklog,
  setNonblock,
  socketPair,
  umask,
  unixPathMaximum,
  writeFd,
} from './index.ts';
import {tempDir} from './test-support.ts';

function pair(t: ExecutionContext): [number, number] {
  const sockets = socketPair();
  t.teardown(() => sockets.forEach(closeFd));
  return sockets;
}

function openFds(): number {
  return readdirSync('/proc/self/fd').length;
}

test('a client connects before anyone accepts, and is known', t => {
  const path = `${tempDir(t)}/socket`;
  const listener = listenUnix(path);
  t.is(acceptUnix(listener), undefined);
  const client = connectUnix(path);
  const server = acceptUnix(listener)!;
  t.deepEqual(peerCredentials(server), {pid: process.pid, uid: process.getuid!(), gid: process.getgid!()});
  writeFd(client, Buffer.from('hello'));
  const buffer = Buffer.alloc(10);
  t.is(readFd(server, buffer), 5);
  for (const fd of [client, server, listener]) closeFd(fd);
  t.true(existsSync(path), 'the path is the caller’s to remove');
  t.true(
    isErrno(
      t.throws(() => connectUnix(path)),
      'ECONNREFUSED',
    ),
  );
  t.throws(() => listenUnix(path), {code: 'already-exists'});
});

test('the mode is exact, whatever the umask', t => {
  const dir = tempDir(t);
  const mask = umask(0o027);
  try {
    for (const mode of [0o660, 0o600, 0o666]) {
      const path = `${dir}/${mode}`;
      closeFd(listenUnix(path, {mode}));
      t.is(statSync(path).mode & 0o777, mode);
    }
  } finally {
    umask(mask);
  }
});

test('a path that does not fit a socket address is refused, not cut off', t => {
  const dir = tempDir(t);
  const longest = `${dir}/${'x'.repeat(unixPathMaximum - dir.length - 1)}`;
  closeFd(listenUnix(longest));
  t.true(existsSync(longest));
  for (const path of [`${longest}x`, '']) {
    t.throws(() => listenUnix(path), {code: 'invalid-argument'});
    t.throws(() => connectUnix(path), {code: 'invalid-argument'});
  }
});

test('descriptors are passed with their bytes', t => {
  const [a, b] = pair(t);
  const {read, write} = pipe();
  t.is(sendFds(a, Buffer.from('data'), [write, read]), 4);
  closeFd(write);
  const {data, fds} = receiveFds(b, 100, 2)!;
  t.is(data.toString(), 'data');
  t.is(fds.length, 2);
  writeFd(fds[0]!, Buffer.from('through'));
  closeFd(fds[0]!);
  const buffer = Buffer.alloc(100);
  t.is(readFd(read, buffer), 7);
  t.is(readFd(read, buffer), 0, 'no copy of the writing end is left');
  closeFd(fds[1]!);
  closeFd(read);
});

test('more descriptors than expected are an error, and none stays open', t => {
  const [a, b] = pair(t);
  const before = openFds();
  for (const expected of [0, 1, 2]) {
    sendFds(a, Buffer.from('x'), [0, 1, 2, 0, 1]);
    t.throws(() => receiveFds(b, 10, expected), {code: 'out-of-range'});
    t.is(openFds(), before);
  }
});

test('nothing to receive, and the end', t => {
  const [a, b] = socketPair();
  setNonblock(b);
  t.is(receiveFds(b, 10, 1), undefined);
  closeFd(a);
  t.deepEqual(receiveFds(b, 10, 1), {data: Buffer.alloc(0), fds: []});
  t.throws(() => sendFds(b, Buffer.from('x'), [0]), {code: 'unavailable'});
  t.throws(() => sendFds(b, Buffer.alloc(0), [0]), {code: 'invalid-argument'});
  closeFd(b);
});

test('a listener takes as many waiting connections as it was told last', t => {
  const path = `${tempDir(t)}/s`;
  const listener = listenUnix(path, {backlog: 0});
  t.teardown(() => closeFd(listener));
  setBacklog(listener, 2);
  const waiting = [1, 2, 3].map(() => connectUnix(path, {nonblock: true}));
  t.teardown(() => waiting.forEach(closeFd));
  t.throws(() => connectUnix(path, {nonblock: true}), undefined, 'the queue is full');
  t.throws(() => setBacklog(-1, 1), {message: /bad file descriptor/});
});
