/** What a container prints and reads, through FIFOs, files, log programs and terminals. Needs root. */
import {chmodSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {Status} from '@longshore/api/gen/containerd/types/task/task';
import {AT_FDCWD, closeFd, O_NONBLOCK, O_RDONLY, openAt, readFd} from '@longshore/linux';
import anyTest from 'ava';
import {isRoot, type ShimRig, startRig} from './shim-rig.test-helper.ts';

const test = isRoot ? anyTest.serial : anyTest.skip;
const id = 'first';

async function finish(rig: ShimRig): Promise<number> {
  const {exitStatus} = await rig.task.wait(rig.ctx, {id});
  await rig.task.delete(rig.ctx, {id});
  return exitStatus;
}

test('stdout and stderr arrive apart, each with its end', async t => {
  const rig = await startRig(t);
  const stdio = rig.stdio(id);
  const output = Promise.all([stdio.text('stdout'), stdio.text('stderr')]);
  const {stdout, stderr} = stdio;
  await rig.create(id, {args: ['sh', '-c', 'echo out; echo err >&2']}, {stdout, stderr});
  await rig.task.start(rig.ctx, {id});
  t.deepEqual(await output, ['out\n', 'err\n']);
  t.is(await finish(rig), 0);
});

test('what a failing runtime prints is not taken for output of the container', async t => {
  const rig = await startRig(t);
  const stdio = rig.stdio(id);
  const output = Promise.all([stdio.text('stdout'), stdio.text('stderr')]);
  const {stdout, stderr} = stdio;
  await t.throwsAsync(rig.create(id, {args: ['/no/such/program']}, {stdout, stderr}));
  t.deepEqual(await output, ['', '']);
});

test('20 MB on stderr, whose reader is slow to come', async t => {
  const rig = await startRig(t);
  const stdio = rig.stdio(id);
  const script = 'dd if=/dev/zero bs=65536 count=320 >&2 2>/dev/null; echo END >&2';
  await rig.create(id, {args: ['sh', '-c', script]}, {stderr: stdio.stderr});
  await rig.task.start(rig.ctx, {id});
  await delay(300);
  t.like(await rig.task.state(rig.ctx, {id}), {status: Status.RUNNING}, 'it waits for the reader');
  const bytes = await stdio.read('stderr');
  t.is(bytes.length, 320 * 65536 + 4);
  t.is(await finish(rig), 0);
});

test('100 MB printed at once before the exit arrive whole', async t => {
  const rig = await startRig(t);
  const stdio = rig.stdio(id);
  const output = stdio.read('stdout');
  await rig.create(id, {args: ['dd', 'if=/dev/zero', 'bs=1048576', 'count=100']}, {stdout: stdio.stdout});
  await rig.task.start(rig.ctx, {id});
  t.is((await output).length, 100 * 1048576);
  t.is(await finish(rig), 0);
});

test('the client sees the end of the stream when the container closes it, not only at its exit', async t => {
  const rig = await startRig(t);
  const stdio = rig.stdio(id);
  const output = stdio.text();
  await rig.create(id, {args: ['sh', '-c', 'echo last; exec >&-; sleep 1000']}, {stdout: stdio.stdout});
  await rig.task.start(rig.ctx, {id});
  t.is(await output, 'last\n');
  t.like(await rig.task.state(rig.ctx, {id}), {status: Status.RUNNING});
});

test('a client that goes away neither kills the writer nor loses what it did not read', async t => {
  const rig = await startRig(t);
  const stdio = rig.stdio(id);
  const first = openAt(AT_FDCWD, stdio.stdout, O_RDONLY | O_NONBLOCK);
  const script = 'for i in $(seq 1 50); do echo line $i; sleep 0.01; done; sleep 1';
  await rig.create(id, {args: ['sh', '-c', script]}, {stdout: stdio.stdout});
  await rig.task.start(rig.ctx, {id});
  await delay(100);
  const buffer = Buffer.alloc(65536);
  const before = buffer.toString('utf8', 0, readFd(first, buffer) ?? 0);
  closeFd(first);
  await delay(200);
  const after = await stdio.text();
  const expected = Array.from({length: 50}, (_, i) => `line ${i + 1}\n`).join('');
  t.is(before + after, expected);
  t.true(before.length > 0 && after.length > 0);
  t.is(await finish(rig), 0);
});

test('output that nobody read before the exit can still be read after it', async t => {
  const rig = await startRig(t);
  const stdio = rig.stdio(id);
  await rig.create(id, {args: ['echo', 'nobody listens']}, {stdout: stdio.stdout});
  await rig.task.start(rig.ctx, {id});
  await rig.task.wait(rig.ctx, {id});
  const fd = openAt(AT_FDCWD, stdio.stdout, O_RDONLY | O_NONBLOCK);
  const buffer = Buffer.alloc(100);
  t.is(buffer.toString('utf8', 0, readFd(fd, buffer) ?? 0), 'nobody listens\n');
  t.is(readFd(fd, buffer), 0);
  closeFd(fd);
  await rig.task.delete(rig.ctx, {id});
});

test('stdin ends when the client has closed it and said so, not before', async t => {
  const rig = await startRig(t);
  const stdio = rig.stdio(id);
  const output = stdio.text();
  const {stdin, stdout} = stdio;
  await rig.create(id, {args: ['cat']}, {stdin, stdout});
  await rig.task.start(rig.ctx, {id});
  const first = stdio.openStdin();
  first.write('one\n');
  first.close();
  await delay(100);
  t.like(await rig.task.state(rig.ctx, {id}), {status: Status.RUNNING}, 'a client that goes away is no end of input');
  const second = stdio.openStdin();
  await rig.task.closeIO(rig.ctx, {id, stdin: true});
  second.write('two\n');
  second.close();
  t.is(await output, 'one\ntwo\n');
  t.is(await finish(rig), 0);
});

test('the container gets blocking descriptors', async t => {
  const rig = await startRig(t);
  const stdio = rig.stdio(id);
  const output = stdio.text();
  const {stdin, stdout, stderr} = stdio;
  const script = 'for fd in 0 1 2; do head -n 2 /proc/self/fdinfo/$fd | tail -n 1; done';
  await rig.create(id, {args: ['sh', '-c', script]}, {stdin, stdout, stderr});
  await rig.task.start(rig.ctx, {id});
  const flags = (await output)
    .trim()
    .split('\n')
    .map(line => Number.parseInt(line.split('\t')[1] ?? '', 8));
  t.is(flags.length, 3);
  for (const flag of flags) t.is(flag & (0o4000 | 0o20000), 0, 'neither O_NONBLOCK nor O_ASYNC');
  t.is(await finish(rig), 0);
});

test('a background process of an exec holds the stream open for its client only', async t => {
  const rig = await startRig(t);
  await rig.create(id, {args: ['sleep', '1000']});
  await rig.task.start(rig.ctx, {id});
  const stdio = rig.stdio('e1');
  const output = stdio.text();
  await rig.exec(id, 'e1', ['sh', '-c', 'echo now; (sleep 0.5; echo later) & exit 5'], {stdout: stdio.stdout});
  await rig.task.start(rig.ctx, {id, execId: 'e1'});
  t.like(await rig.task.wait(rig.ctx, {id, execId: 'e1'}), {exitStatus: 5});
  t.is(await output, 'now\nlater\n');
  await rig.task.delete(rig.ctx, {id, execId: 'e1'});
});

test('a file as target is appended to', async t => {
  const rig = await startRig(t);
  const path = join(rig.root, 'logs/a/out.log');
  for (const word of ['one', 'two']) {
    const stdout = `file://${path}`;
    await rig.create(word, {args: ['echo', word]}, {stdout, stderr: stdout});
    await rig.task.start(rig.ctx, {id: word});
    await rig.task.wait(rig.ctx, {id: word});
    await rig.task.delete(rig.ctx, {id: word});
  }
  t.is(readFileSync(path, 'utf8'), 'one\ntwo\n');
});

test("a log program gets the output, the container's names and its arguments", async t => {
  const rig = await startRig(t);
  const program = join(rig.root, 'logger');
  const target = join(rig.root, 'logged');
  const script = '#!/bin/sh\nexec 5>&-\necho "$CONTAINER_NAMESPACE $CONTAINER_ID $*" >$2\ncat <&3 >>$2\ncat <&4 >>$2\n';
  writeFileSync(program, script);
  chmodSync(program, 0o755);
  const stdout = `binary://${program}?file=${encodeURIComponent(target)}`;
  await rig.create(id, {args: ['sh', '-c', 'echo out; echo err >&2']}, {stdout, stderr: stdout});
  await rig.task.start(rig.ctx, {id});
  t.is(await finish(rig), 0);
  t.is(readFileSync(target, 'utf8'), `test first file ${target}\nout\nerr\n`);
  const missing = await t.throwsAsync(rig.create('x', {args: ['true']}, {stdout: 'binary:///no/such/logger'}));
  t.regex(missing?.message ?? '', /no such file or directory/);
});

test('unknown schemes and missing FIFOs are refused', async t => {
  const rig = await startRig(t);
  const scheme = rig.create('a', {args: ['true']}, {stdout: 'carrier-pigeon:///x'});
  await t.throwsAsync(scheme, {message: 'unknown STDIO scheme carrier-pigeon: not implemented'});
  await t.throwsAsync(rig.create('b', {args: ['true']}, {stdout: '/no/such/fifo'}), {message: /no such file/});
  t.deepEqual(rig.containerIds(), []);
});

test('a terminal: size, input, output, echo, and its end', async t => {
  const rig = await startRig(t);
  const stdio = rig.stdio(id);
  const output = stdio.text();
  const {stdin, stdout} = stdio;
  const script = 'read line; stty size; echo "got $line"';
  await rig.create(id, {args: ['sh', '-c', script], terminal: true}, {stdin, stdout});
  await rig.task.resizePty(rig.ctx, {id, width: 123, height: 45});
  await rig.task.start(rig.ctx, {id});
  const input = stdio.openStdin();
  input.write('hello\n');
  t.is(await output, 'hello\r\n45 123\r\ngot hello\r\n');
  input.close();
  t.is(await finish(rig), 0);
});

test('Ctrl-C through a terminal, and an exec with a terminal of its own', async t => {
  const rig = await startRig(t);
  const main = rig.stdio(id);
  const mainOutput = main.text();
  await rig.create(
    id,
    {args: ['sh', '-c', 'trap "exit 9" INT; while true; do sleep 0.05; done'], terminal: true},
    {
      stdin: main.stdin,
      stdout: main.stdout,
    },
  );
  await rig.task.start(rig.ctx, {id});
  const stdio = rig.stdio('e1');
  const output = stdio.text();
  await rig.exec(id, 'e1', ['sh', '-c', '[ -t 0 ] && echo tty; exit 4'], {terminal: true, stdout: stdio.stdout});
  await rig.task.start(rig.ctx, {id, execId: 'e1'});
  t.like(await rig.task.wait(rig.ctx, {id, execId: 'e1'}), {exitStatus: 4});
  t.is(await output, 'tty\r\n');
  main.openStdin().write('\x03');
  t.is(await finish(rig), 9);
  t.is(await mainOutput, '^C');
});

test('10 MB through a terminal at once, then exit: the tail arrives', async t => {
  const rig = await startRig(t);
  const stdio = rig.stdio(id);
  const output = stdio.read('stdout');
  const script = 'stty raw; dd if=/dev/zero bs=65536 count=160 2>/dev/null; echo -n END';
  await rig.create(id, {args: ['sh', '-c', script], terminal: true}, {stdout: stdio.stdout});
  await rig.task.start(rig.ctx, {id});
  t.is(await finish(rig), 0);
  const bytes = await output;
  t.is(bytes.length, 160 * 65536 + 3);
  t.is(bytes.subarray(-3).toString(), 'END');
});

test('a stalled reader of a terminal stops the container, not the shim', async t => {
  const rig = await startRig(t);
  const stdio = rig.stdio(id);
  const stalled = openAt(AT_FDCWD, stdio.stdout, O_RDONLY | O_NONBLOCK);
  await rig.create(id, {args: ['yes'], terminal: true}, {stdout: stdio.stdout});
  await rig.task.start(rig.ctx, {id});
  await delay(300);
  const cpu = () =>
    readFileSync(`/proc/${rig.pid}/stat`, 'utf8')
      .split(' ')
      .slice(13, 15)
      .map(Number)
      .reduce((a, b) => a + b);
  const before = cpu();
  await delay(500);
  t.true(cpu() - before <= 2, 'the shim does not spin');
  await rig.task.kill(rig.ctx, {id, signal: 9});
  t.like(await rig.task.wait(rig.ctx, {id}), {exitStatus: 137});
  closeFd(stalled);
});
