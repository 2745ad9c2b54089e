/** The log that containerd reads from a FIFO in the bundle: it never stops a container, whoever reads it or not. */
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {AT_FDCWD, closeFd, isErrno, kill, mkfifo, O_NONBLOCK, O_RDONLY, openAt, readFd} from '@longshore/linux';
import anyTest, {type ExecutionContext} from 'ava';
import {openFifoLog} from './fifo-log.ts';
import {isRoot, startRig} from './shim-rig.test-helper.ts';

const test = anyTest;
const withRuntime = isRoot ? anyTest.serial : anyTest.skip;

function fifo(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'fifo-log-'));
  t.teardown(() => rmSync(directory, {recursive: true}));
  const path = join(directory, 'log');
  mkfifo(path, 0o700);
  return path;
}

/** What can be read now. */
function readAll(fd: number): string {
  const chunks: Buffer[] = [];
  const buffer = Buffer.alloc(256 * 1024);
  try {
    for (let size = readFd(fd, buffer); size; size = readFd(fd, buffer))
      chunks.push(Buffer.from(buffer.subarray(0, size)));
  } catch (error) {
    if (!isErrno(error, 'EAGAIN')) throw error;
  }
  return Buffer.concat(chunks).toString();
}

function openReader(t: ExecutionContext, path: string): number {
  const fd = openAt(AT_FDCWD, path, O_RDONLY | O_NONBLOCK);
  t.teardown(() => closeFd(fd));
  return fd;
}

test('what is written while nobody reads is there for the next reader, once', t => {
  const path = fifo(t);
  const log = openFifoLog(path, 'info');
  log.info({container: 'c1'}, 'first');
  log.debug({}, 'below the level');
  log.error({error: new Error('it broke')}, 'second');
  const lines = readAll(openReader(t, path)).trimEnd().split('\n');
  t.is(lines.length, 2);
  t.regex(lines[0]!, /first/);
  t.regex(lines[0]!, /c1/);
  t.regex(lines[1]!, /second/);
  t.regex(lines[1]!, /it broke/);
});

test('a full FIFO drops lines, whole ones, and blocks nobody; later lines come again', t => {
  const path = fifo(t);
  const log = openFifoLog(path, 'info');
  const padding = 'x'.repeat(1000);
  for (let i = 0; i < 500; i++) log.info({padding}, `line ${i}`);
  const reader = openReader(t, path);
  const lines = readAll(reader).trimEnd().split('\n');
  t.true(lines.length > 10 && lines.length < 500, `${lines.length} lines`);
  for (const [i, line] of lines.entries()) t.true(line.includes(`line ${i}`) && line.includes(padding), line);
  log.info({}, 'once more');
  t.regex(readAll(reader), /once more/);
});

withRuntime("the serving shim's lines, for a containerd that comes and goes; a full FIFO stops no call", async t => {
  const rig = await startRig(t);
  const path = join(rig.bundle('first'), 'log');
  const until = async (reader: number, wanted: RegExp) => {
    for (let text = ''; ; await new Promise(resolve => setTimeout(resolve, 20))) {
      text += readAll(reader);
      if (wanted.test(text)) return t.pass();
    }
  };
  t.timeout(120_000);
  // It takes signals once it serves.
  t.is((await rig.task.connect(rig.ctx, {id: 'first'})).shimPid, rig.pid);
  kill(rig.pid, 'SIGUSR1');
  const first = openAt(AT_FDCWD, path, O_RDONLY | O_NONBLOCK);
  await until(first, /alive/);
  closeFd(first);
  // One line of each is more than 64 KiB in the end.
  for (let i = 0; i < 1000; i++) {
    kill(rig.pid, 'SIGUSR1');
    t.is((await rig.task.connect(rig.ctx, {id: 'first'})).shimPid, rig.pid);
  }
  const second = openReader(t, path);
  readAll(second);
  kill(rig.pid, 'SIGUSR1');
  await until(second, /alive/);
});
