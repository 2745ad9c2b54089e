import {execFile} from 'node:child_process';
import {promisify} from 'node:util';
import {codeOf} from '@longshore/errdefs';
import test from 'ava';
import {closeFd, eventfd, type FdWatch, openPty, pipe, readFd, setNonblock, watchFd, writeFd} from './index.ts';
import {runProgram, runtimes, tempDir} from './test-support.ts';

/** Waits for what must come; the assertion after it says what is wrong if it does not. */
async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await turn();
}

const turn = () => new Promise(resolve => setTimeout(resolve, 10));

test('readable is called while data is left, and no more when it is gone', async t => {
  const {read, write} = pipe();
  let calls = 0;
  const byte = Buffer.alloc(1);
  const watch = watchFd(read, {
    readable: () => {
      calls++;
      readFd(read, byte);
    },
  });
  await turn();
  t.is(calls, 0);
  writeFd(write, Buffer.from('abc'));
  await until(() => calls >= 3);
  await turn();
  t.is(calls, 3);
  watch[Symbol.dispose]();
  writeFd(write, Buffer.from('abc'));
  await turn();
  t.is(calls, 3);
  for (const fd of [read, write]) closeFd(fd);
});

test('data that came while interest was off is found when it is on again', async t => {
  const {read, write} = pipe();
  let calls = 0;
  const buffer = Buffer.alloc(16);
  const watch = watchFd(read, {
    readable: () => {
      calls++;
      readFd(read, buffer);
    },
  });
  watch.setInterest({readable: false});
  writeFd(write, Buffer.from('x'));
  await turn();
  t.is(calls, 0);
  watch.setInterest({readable: true});
  await until(() => calls > 0);
  t.is(calls, 1);
  watch[Symbol.dispose]();
  for (const fd of [read, write]) closeFd(fd);
});

test('writable is called when room appears, and again when the reader is gone', async t => {
  const {read, write} = pipe();
  let calls = 0;
  const watch: FdWatch = watchFd(write, {
    writable: () => {
      calls++;
      watch.setInterest({writable: false});
    },
  });
  while (writeFd(write, Buffer.alloc(65536)) !== undefined);
  watch.setInterest({writable: true});
  await turn();
  t.is(calls, 0, 'the pipe is full');
  const buffer = Buffer.alloc(65536);
  setNonblock(read);
  while ((readFd(read, buffer) ?? 0) === buffer.length);
  await until(() => calls > 0);
  t.is(calls, 1);
  closeFd(read);
  watch.setInterest({writable: true});
  await until(() => calls > 1);
  t.is(calls, 2);
  t.throws(() => writeFd(write, buffer), {code: 'unavailable', message: /EPIPE/});
  watch[Symbol.dispose]();
  closeFd(write);
});

test('two watches of one descriptor: the first to go leaves the other armed', async t => {
  const {master, slave} = openPty();
  let calls = 0;
  const first = watchFd(master, {writable: () => {}});
  const second = watchFd(master, {
    readable: () => {
      calls++;
      readFd(master, Buffer.alloc(100));
    },
  });
  first[Symbol.dispose]();
  writeFd(slave, Buffer.from('x'));
  await until(() => calls > 0);
  t.is(calls, 1);
  second[Symbol.dispose]();
  for (const fd of [master, slave]) closeFd(fd);
});

test('a descriptor that cannot signal is refused', t => {
  const fd = eventfd();
  t.is(codeOf(t.throws(() => watchFd(fd, {readable: () => {}}))), 'unimplemented');
  closeFd(fd);
});

for (const runtime of runtimes()) {
  test.serial(
    `${runtime.name}: 256 MiB through one FIFO beside 63 idle ones arrive whole, and idling costs nothing`,
    async t => {
      const size = 256;
      const sequence = `seq 1 100000000 | head -c ${size * 1024 * 1024} | sha256sum`;
      const {stdout: expected} = await promisify(execFile)('sh', ['-c', sequence]);
      type Result = {bytes: number; small: number; hash: string; idleMicroseconds: number};
      const result = await runProgram<Result>(runtime, 'fifo-load', tempDir(t), String(size));
      t.is(result.bytes, size * 1024 * 1024);
      t.is(result.small, 63 * 5);
      t.is(result.hash, expected.split(' ')[0]!);
      t.true(result.idleMicroseconds < 50_000, `${result.idleMicroseconds} µs of processor time in an idle second`);
    },
  );

  test(`${runtime.name}: a pty ends when its last user does, who is not our child`, async t => {
    t.deepEqual(await runProgram(runtime, 'pty-orphan'), {text: 'late\r\n', closed: true});
  });

  test(`${runtime.name}: additions to an eventfd are counted`, async t => {
    t.deepEqual(await runProgram(runtime, 'eventfd-events'), {counts: [1, 5, 7]});
  });

  test(`${runtime.name}: a process is held by what it waits for, and by nothing else`, async t => {
    for (const mode of ['none', 'unreferenced-reader', 'idle-writer'])
      t.deepEqual(await runProgram(runtime, 'watch-ref', mode), {ended: true}, mode);
    for (const mode of ['reader', 'busy-writer'])
      await t.throwsAsync(runProgram(runtime, 'watch-ref', mode), {message: /Command failed/}, mode);
  });

  test.serial(`${runtime.name}: a flood of small writes while the loop is busy costs no other signal`, async t => {
    const result = await runProgram(runtime, 'signal-flood');
    t.deepEqual(result, {bytes: 60_000, wakeSignals: true, userSignals: 1, childEnded: true});
  });
}
