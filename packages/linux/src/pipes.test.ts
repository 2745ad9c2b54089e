import {setTimeout as sleep} from 'node:timers/promises';
import {codeOf} from '@longshore/errdefs';
import test from 'ava';
import {
  AT_FDCWD,
  closeFd,
  mkfifo,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  openAt,
  openPipeReader,
  openPipeWriter,
  pipe,
  writeFd,
} from './index.ts';
import {tempDir} from './test-support.ts';

test('a writer and a reader pass 20 MB in order, the writer at the pace of the reader', async t => {
  const {read, write} = pipe();
  const writer = openPipeWriter(write);
  const size = 20_000_000;
  const data = Buffer.alloc(size);
  for (let i = 0; i < size; i += 4) data.writeUInt32LE(i, i);
  const sending = (async () => {
    for (let at = 0; at < size; at += 100_000) await writer.write(data.subarray(at, at + 100_000));
    await writer.end();
  })();
  const chunks: Buffer[] = [];
  for await (const chunk of openPipeReader(read)) {
    chunks.push(chunk);
    t.true(writer.queuedBytes <= 100_000);
  }
  await sending;
  t.true(Buffer.concat(chunks).equals(data));
});

test('a paused reader gets nothing and loses nothing', async t => {
  const {read, write} = pipe();
  let text = '';
  const ended = Promise.withResolvers<void>();
  const onData = (chunk: Buffer) => {
    text += chunk;
    if (text.length === 1) reader.pause();
  };
  const reader = openPipeReader(read, {onData, onEnd: ended.resolve, chunkSize: 1});
  writeFd(write, Buffer.from('abcdef'));
  closeFd(write);
  await sleep(30);
  t.is(text, 'a');
  reader.resume();
  await ended.promise;
  t.is(text, 'abcdef');
  t.true(reader.closed);
});

test('a FIFO that nobody has opened for writing is not at its end', async t => {
  const path = `${tempDir(t)}/fifo`;
  mkfifo(path);
  const reader = openPipeReader(openAt(AT_FDCWD, path, O_RDONLY | O_NONBLOCK));
  const first = reader[Symbol.asyncIterator]().next();
  await sleep(20);
  t.false(reader.closed);
  const writer = openAt(AT_FDCWD, path, O_WRONLY);
  writeFd(writer, Buffer.from('hello'));
  t.is(String((await first).value), 'hello');
  closeFd(writer);
  reader.close();
});

test('close() ends a waiting loop', async t => {
  const path = `${tempDir(t)}/fifo`;
  mkfifo(path);
  const reader = openPipeReader(openAt(AT_FDCWD, path, O_RDWR));
  setTimeout(() => reader.close(), 10);
  let chunks = 0;
  for await (const _ of reader) chunks++;
  t.is(chunks, 0);
});

test('one busy pipe does not keep another one waiting', async t => {
  const busy = pipe();
  const other = pipe();
  const block = Buffer.alloc(65536);
  let busyBytes = 0;
  let busyBytesWhenOtherCame = 0;
  const refill = () => void writeFd(busy.write, block);
  const busyReader = openPipeReader(busy.read, {
    onData: chunk => {
      busyBytes += chunk.length;
      refill(); // never empty
    },
  });
  refill();
  const came = Promise.withResolvers<void>();
  const otherReader = openPipeReader(other.read, {
    onData: () => {
      busyBytesWhenOtherCame = busyBytes;
      came.resolve();
    },
  });
  await sleep(20);
  const before = busyBytes;
  writeFd(other.write, Buffer.from('x'));
  await came.promise;
  t.true(busyBytesWhenOtherCame - before <= 8 * 1024 * 1024, `${busyBytesWhenOtherCame - before} bytes went first`);
  busyReader.close();
  otherReader.close();
  for (const fd of [busy.write, other.write]) closeFd(fd);
});

test('a reader that goes away fails the waiting writes and every later one', async t => {
  const {read, write} = pipe();
  const writer = openPipeWriter(write);
  const waiting = writer.write(Buffer.alloc(200_000));
  t.true(waiting instanceof Promise);
  closeFd(read);
  t.is(codeOf(await t.throwsAsync(waiting as Promise<void>)), 'unavailable');
  t.throws(() => writer.write(Buffer.alloc(1)), {message: /EPIPE/});
  await t.throwsAsync(writer.end(), {message: /EPIPE/});
  t.true(writer.closed);
});

test('a writer refuses more than it may hold', t => {
  const {read, write} = pipe();
  const writer = openPipeWriter(write, {maximumQueued: 100_000});
  writer.write(Buffer.alloc(150_000));
  const error = t.throws(() => writer.write(Buffer.alloc(50_000)));
  t.is(codeOf(error), 'resource-exhausted');
  writer.close();
  closeFd(read);
});

test('end() delivers what is queued before it closes', async t => {
  const {read, write} = pipe();
  const writer = openPipeWriter(write);
  writer.write(Buffer.alloc(300_000, 'z'));
  const ended = writer.end();
  t.throws(() => writer.write(Buffer.alloc(1)), {code: 'failed-precondition'});
  let size = 0;
  for await (const chunk of openPipeReader(read)) size += chunk.length;
  await ended;
  t.is(size, 300_000);
});
