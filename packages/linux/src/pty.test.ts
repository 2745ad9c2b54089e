import test from 'ava';
import {
  clearOnlcr,
  closeFd,
  disableEcho,
  getWindowSize,
  isErrno,
  isTerminal,
  makeRaw,
  openPipeReader,
  openPty,
  pipe,
  readFd,
  setNonblock,
  setWindowSize,
  spawnProcess,
  waitPidSync,
  writeFd,
} from './index.ts';

const env = {PATH: process.env.PATH};

function read(fd: number): string {
  const buffer = Buffer.alloc(1000);
  const count = readFd(fd, buffer);
  return count === undefined ? '' : buffer.toString('latin1', 0, count);
}

test('the window size set on the master is that of the slave', t => {
  const {master, slave, name} = openPty();
  t.regex(name, /^\/dev\/pts\/\d+$/);
  t.true(isTerminal(slave));
  setWindowSize(master, {rows: 33, columns: 100});
  t.deepEqual(getWindowSize(slave), {rows: 33, columns: 100});
  for (const fd of [master, slave]) closeFd(fd);
  const plain = pipe();
  t.false(isTerminal(plain.read));
  t.true(
    isErrno(
      t.throws(() => getWindowSize(plain.read)),
      'ENOTTY',
    ),
  );
  for (const fd of [plain.read, plain.write]) closeFd(fd);
});

test('a line feed gets its carriage return until that is switched off', t => {
  const {master, slave} = openPty();
  setNonblock(master);
  writeFd(slave, Buffer.from('a\n'));
  t.is(read(master), 'a\r\n');
  clearOnlcr(master);
  writeFd(slave, Buffer.from('b\n'));
  t.is(read(master), 'b\n');
  for (const fd of [master, slave]) closeFd(fd);
});

test('raw mode passes control characters on without echo, and is undone', t => {
  const {master, slave} = openPty();
  setNonblock(master);
  setNonblock(slave);
  const restore = makeRaw(slave);
  writeFd(master, Buffer.from('\x03x'));
  t.is(read(slave), '\x03x');
  t.is(read(master), '');
  restore();
  writeFd(master, Buffer.from('y'));
  t.is(read(slave), '', 'a line is not complete');
  t.is(read(master), 'y', 'it is echoed');
  for (const fd of [master, slave]) closeFd(fd);
});

test('a hidden line is read and not shown', t => {
  const {master, slave} = openPty();
  setNonblock(master);
  setNonblock(slave);
  const restore = disableEcho(slave);
  writeFd(master, Buffer.from('secret\n'));
  t.is(read(slave), 'secret\n');
  t.is(read(master), '');
  restore();
  writeFd(master, Buffer.from('y'));
  t.is(read(slave), '', 'a line is not complete');
  t.is(read(master), 'y');
  for (const fd of [master, slave]) closeFd(fd);
});

test('a program on the pty sees its size and its resize, and the reader its end', async t => {
  const {master, slave} = openPty();
  setWindowSize(master, {rows: 24, columns: 80});
  const script = 'stty size; trap "stty size; exit 5" WINCH; echo ready; while :; do sleep 0.05; done';
  const argv = ['setsid', '--ctty', 'sh', '-c', script];
  const pid = spawnProcess({path: 'setsid', argv, env, fds: [slave, slave, slave]});
  closeFd(slave);
  let text = '';
  const ended = Promise.withResolvers<void>();
  openPipeReader(master, {
    onData: chunk => {
      text += chunk;
      if (text.endsWith('ready\r\n')) setWindowSize(master, {rows: 50, columns: 132});
    },
    onEnd: ended.resolve,
  });
  await ended.promise;
  t.is(text, '24 80\r\nready\r\n50 132\r\n');
  waitPidSync(pid);
});
