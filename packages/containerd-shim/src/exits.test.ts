/** How processes end, in every way that a parent might misunderstand. Needs root. */
import {spawn, spawnSync} from 'node:child_process';
import {chmodSync, existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {TaskExit} from '@longshore/api/gen/containerd/events/task';
import {Options} from '@longshore/api/gen/containerd/types/runc/options/oci';
import {Status} from '@longshore/api/gen/containerd/types/task/task';
import type {Timestamp} from '@longshore/api/gen/google/protobuf/timestamp';
import {protobufTypeUrl} from '@longshore/api/type-urls';
import {sleep} from '@longshore/base';
import {kill, processExists, processState, realTime} from '@longshore/linux';
import anyTest from 'ava';
import {isRoot, type ShimRig, startRig} from './shim-rig.test-helper.ts';

const test = isRoot ? anyTest.serial : anyTest.skip;
const straceTest = existsSync('/usr/bin/strace') ? test : anyTest.skip;

async function startContainer(rig: ShimRig, id: string, script: string, options: object = {}): Promise<number> {
  const pid = await rig.create(id, {args: ['sh', '-c', script], ...options});
  await rig.task.start(rig.ctx, {id});
  return pid;
}

function nanoseconds(time: Timestamp | undefined): bigint {
  return (time?.seconds ?? 0n) * 1_000_000_000n + BigInt(time?.nanos ?? 0);
}

test('status and time are the same in Wait, State, Delete and the event, and exact', async t => {
  const rig = await startRig(t);
  const times: bigint[] = [];
  const scripts = {'exit 0': 0, 'exit 255': 255, 'kill -9 $$': 137, 'kill -SEGV $$': 139};
  for (const [script, expected] of Object.entries(scripts)) {
    const id = `c${expected}`;
    await rig.create(id, {args: ['sh', '-c', script], share: ['pid']}); // process 1 could not kill itself
    const before = realTime();
    const [waited] = await Promise.all([rig.task.wait(rig.ctx, {id}), rig.task.start(rig.ctx, {id})]);
    const after = realTime();
    const state = await rig.task.state(rig.ctx, {id});
    const deleted = await rig.task.delete(rig.ctx, {id});
    await rig.until(topics => topics.includes(`/tasks/exit ${id}`));
    const envelope = rig.events.find(({topic, event}) => topic === '/tasks/exit' && decode(event).id === id);
    const {exitStatus, exitedAt} = decode(envelope?.event);
    t.is(exitStatus, expected);
    for (const told of [waited, state, deleted]) t.like(told, {exitStatus, exitedAt});
    const at = nanoseconds(exitedAt);
    t.true(at > before && at < after, 'the time is that of the exit');
    times.push(at);
  }
  t.true(
    times.some(at => at % 1_000_000n !== 0n),
    'in nanoseconds',
  );
});

function decode(event: {value: Buffer} | undefined): TaskExit {
  return TaskExit.decode(event?.value ?? Buffer.alloc(0));
}

async function standsStill(pid: number): Promise<void> {
  for (let i = 0; i < 1000 && processState(pid) !== 'T'; i++) await new Promise(resolve => setTimeout(resolve, 5));
}

test('a process that stands still has not ended; what ends it is told', async t => {
  const rig = await startRig(t);
  const id = 'first';
  const pid = await startContainer(rig, id, 'exec sleep 1000');
  kill(pid, 'SIGSTOP');
  await standsStill(pid);
  t.like(await rig.task.state(rig.ctx, {id}), {status: Status.RUNNING});
  kill(pid, 'SIGCONT');
  await rig.exec(id, 'e', ['sleep', '1000']);
  const {pid: exec} = await rig.task.start(rig.ctx, {id, execId: 'e'});
  kill(exec, 'SIGSTOP');
  await standsStill(exec); // of signals that wait together the one with the lowest number is taken first
  kill(exec, 'SIGTERM'); // waits for the SIGCONT
  t.like(await rig.task.state(rig.ctx, {id, execId: 'e'}), {status: Status.RUNNING});
  kill(exec, 'SIGCONT');
  t.like(await rig.task.wait(rig.ctx, {id, execId: 'e'}), {exitStatus: 143});
  kill(pid, 'SIGSTOP');
  kill(pid, 'SIGKILL');
  t.like(await rig.task.wait(rig.ctx, {id}), {exitStatus: 137});
  t.false((await rig.until(topics => topics.includes('/tasks/exit first'))).includes('/tasks/exit'));
});

/** SigCgt of /proc/PID/status: bit 14 is signal 15. The runtime, which has one too, is another program. */
function hasHandlerOfTerm(pid: number): boolean {
  if (readFileSync(`/proc/${pid}/comm`, 'latin1') !== 'sh\n') return false;
  const caught = /^SigCgt:\s+(\w+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return (BigInt(`0x${caught}`) & (1n << 14n)) !== 0n;
}

straceTest('a traced process ends once, with its own status', async t => {
  const rig = await startRig(t);
  const id = 'first';
  const pid = await startContainer(rig, id, 'trap "exit 41" TERM; while :; do sleep 0.01; done');
  const waited = rig.task.wait(rig.ctx, {id});
  const tracer = spawn('strace', ['-f', '-p', String(pid), '-o', join(rig.root, 'trace')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.teardown(() => tracer.kill('SIGKILL'));
  let said = '';
  for await (const text of tracer.stderr.setEncoding('utf8')) {
    said += text;
    if (said.includes('attached')) break;
  }
  t.regex(said, /attached/);
  while (!hasHandlerOfTerm(pid)) await sleep(10);
  kill(pid, 'SIGTERM');
  t.like(await waited, {exitStatus: 41});
  const topics = await rig.until(all => all.includes('/tasks/exit first'));
  t.is(topics.filter(topic => topic.startsWith('/tasks/exit')).length, 1);
});

test('killed for want of memory: an event, and the status of SIGKILL', async t => {
  const rig = await startRig(t);
  const id = 'first';
  await startContainer(rig, id, 'x=a; while true; do x=$x$x; done', {memoryLimit: 32 << 20});
  t.like(await rig.task.wait(rig.ctx, {id}), {exitStatus: 137});
  const topics = await rig.until(all => all.includes('/tasks/oom') && all.includes('/tasks/exit first'));
  t.is(topics.filter(topic => topic === '/tasks/exit first').length, 1);
});

test('orphans that fall to the shim are reaped and never reported', async t => {
  const rig = await startRig(t);
  const id = 'first';
  // In the host's pid namespace the shim is the reaper of what the container orphans.
  await startContainer(rig, id, 'for i in 1 2 3 4 5; do (sleep 0.05; exit 7) & done; sleep 0.4; exit 4', {
    share: ['pid'],
  });
  await rig.exec(id, 'e', ['sh', '-c', '(sh -c "sleep 0.1; exit 9" &) ; exit 5']);
  await rig.task.start(rig.ctx, {id, execId: 'e'});
  t.like(await rig.task.wait(rig.ctx, {id, execId: 'e'}), {exitStatus: 5});
  t.like(await rig.task.wait(rig.ctx, {id}), {exitStatus: 4});
  const topics = await rig.until(all => all.includes('/tasks/exit first'));
  t.deepEqual(
    topics.filter(topic => topic.startsWith('/tasks/exit')),
    ['/tasks/exit e', '/tasks/exit first'],
  );
  t.deepEqual(childrenOf(rig.pid), []);
});

test("what was exec'd into a container ends with it, and is told first", async t => {
  const rig = await startRig(t);
  for (const share of [[], ['pid']]) {
    const id = `c${share.length}`;
    const pid = await startContainer(rig, id, 'exec sleep 1000', {share});
    await rig.exec(id, `e-${id}`, ['sleep', '1000']);
    const {pid: exec} = await rig.task.start(rig.ctx, {id, execId: `e-${id}`});
    kill(pid, 'SIGKILL');
    t.like(await rig.task.wait(rig.ctx, {id, execId: `e-${id}`}), {exitStatus: 137});
    t.like(await rig.task.wait(rig.ctx, {id}), {exitStatus: 137});
    t.false(processExists(exec));
    const topics = await rig.until(all => all.includes(`/tasks/exit ${id}`));
    t.deepEqual(topics.slice(-2), [`/tasks/exit e-${id}`, `/tasks/exit ${id}`]);
    await rig.task.delete(rig.ctx, {id, execId: `e-${id}`});
    await rig.task.delete(rig.ctx, {id});
  }
});

test('execs that end at once, many at a time', async t => {
  const rig = await startRig(t);
  const id = 'first';
  await startContainer(rig, id, 'exec sleep 1000');
  const outcomes = await Promise.all(
    Array.from({length: 20}, async (_, index) => {
      const execId = `e${index}`;
      await rig.exec(id, execId, ['sh', '-c', `exit ${index}`]);
      const waited = rig.task.wait(rig.ctx, {id, execId});
      await rig.task.start(rig.ctx, {id, execId});
      const {exitStatus} = await waited;
      const deleted = await rig.task.delete(rig.ctx, {id, execId});
      return [exitStatus, deleted.exitStatus];
    }),
  );
  t.deepEqual(
    outcomes,
    Array.from({length: 20}, (_, index) => [index, index]),
  );
  const topics = await rig.until(all => all.filter(topic => topic.startsWith('/tasks/exit ')).length === 20);
  for (let index = 0; index < 20; index++) t.is(topics.filter(topic => topic === `/tasks/exit e${index}`).length, 1);
});

test('the runtime gets the limit of open files that the chain was started with', async t => {
  const rig = await startRig(t, {env: {LONGSHORE_NOFILE: '777'}});
  const runtime = join(rig.root, 'runtime');
  writeFileSync(runtime, `#!/bin/bash\nulimit -Sn >>${rig.root}/limits\nexec runc "$@"\n`);
  chmodSync(runtime, 0o755);
  const options = Options.encode(Options.fromPartial({root: rig.runtimeRoot, binaryName: runtime})).finish();
  const id = 'first';
  await rig.task.create(rig.ctx, {
    id,
    bundle: rig.makeBundle(id, {args: ['true']}),
    options: {typeUrl: protobufTypeUrl.runcOptions, value: Buffer.from(options)},
  });
  t.is(readFileSync(join(rig.root, 'limits'), 'utf8'), '777\n');
});

function childrenOf(pid: number): string[] {
  return spawnSync('ps', ['--ppid', String(pid), '-o', 'pid=,stat=,args='])
    .stdout.toString()
    .split('\n')
    .filter(Boolean);
}
