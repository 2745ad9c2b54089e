/**
 * containerd goes away while things happen, and hears of them in their order when it is back. Three seconds, or a full
 * hour with LONGSHORE_LONG=1. Needs root.
 */
import {TaskExit} from '@longshore/api/gen/containerd/events/task';
import type {Timestamp} from '@longshore/api/gen/google/protobuf/timestamp';
import {kill} from '@longshore/linux';
import anyTest from 'ava';
import {isRoot, type ShimRig, startRig} from './shim-rig.test-helper.ts';

const test = isRoot ? anyTest.serial : anyTest.skip;
const awayMs = process.env.LONGSHORE_LONG === '1' ? 3_600_000 : 3000;
const id = 'first';

test(`events of ${awayMs / 1000} s without containerd arrive in their order, with their times`, async t => {
  t.timeout(awayMs + 120_000);
  const rig = await startRig(t);
  const pid = await rig.create(id, {args: ['sh', '-c', 'sleep 100000; exit 1'], memoryLimit: 33_554_432});
  await rig.task.start(rig.ctx, {id});
  const execs = ['e1', 'e2', 'e3'];
  for (const exec of execs) await rig.exec(id, exec, ['sh', '-c', 'kill -STOP $$; exit 7']);
  const pids: number[] = [];
  for (const execId of execs) pids.push((await rig.task.start(rig.ctx, {id, execId})).pid);
  await rig.exec(id, 'hungry', ['sh', '-c', 'kill -STOP $$; exec tail /dev/zero']);
  const {pid: hungry} = await rig.task.start(rig.ctx, {id, execId: 'hungry'});
  await rig.until(topics => topics.filter(topic => topic === '/tasks/exec-started').length === 4);
  const before = rig.events.length;
  rig.stopEvents();
  // Not in the order in which they were started; each ends when its part of the time has passed.
  const order: [string, number][] = [
    ['e2', pids[1] as number],
    ['e3', pids[2] as number],
    ['hungry', hungry],
    ['e1', pids[0] as number],
  ];
  const ends: bigint[] = [];
  for (const [execId, execPid] of order) {
    await new Promise(resolve => setTimeout(resolve, awayMs / 6));
    kill(execPid, 'SIGCONT');
    const {exitStatus, exitedAt} = await waitAwake(rig, execId, execPid);
    t.is(exitStatus, execId === 'hungry' ? 137 : 7);
    ends.push(nanoseconds(exitedAt));
  }
  await rig.task.pause(rig.ctx, {id});
  await rig.task.resume(rig.ctx, {id});
  kill(pid, 'SIGKILL');
  ends.push(nanoseconds((await rig.task.wait(rig.ctx, {id})).exitedAt));
  await new Promise(resolve => setTimeout(resolve, awayMs / 3));
  t.is(rig.events.length, before, 'nobody was there');
  await rig.serveEvents();
  const topics = await rig.until(all => all.includes(`/tasks/exit ${id}`), 30_000);
  const told = topics.slice(before);
  // What the kernel says of memory may come before or after the exit of the process that it killed.
  t.is(told.filter(topic => topic === '/tasks/oom').length, 1);
  t.deepEqual(
    told.filter(topic => topic !== '/tasks/oom'),
    [
      '/tasks/exit e2',
      '/tasks/exit e3',
      '/tasks/exit hungry',
      '/tasks/exit e1',
      '/tasks/paused',
      '/tasks/resumed',
      `/tasks/exit ${id}`,
    ],
  );
  const envelopes = rig.events.slice(before);
  const times = envelopes.map(({timestamp}) => nanoseconds(timestamp));
  t.deepEqual(
    times,
    times.toSorted((a, b) => (a < b ? -1 : 1)),
  );
  const exits = envelopes.flatMap(({topic, event}) =>
    topic === '/tasks/exit' ? [TaskExit.decode(event?.value ?? Buffer.alloc(0))] : [],
  );
  t.deepEqual(
    exits.map(({exitedAt}) => nanoseconds(exitedAt)),
    ends,
    'the times of the exits are those that Wait told',
  );
  t.log(`${told.length} events arrived within one retry after ${awayMs / 1000} s`);
});

/** A process that was continued before it had stopped itself would wait for ever: says it again. */
async function waitAwake(rig: ShimRig, execId: string, pid: number) {
  const again = setInterval(() => kill(pid, 'SIGCONT'), 200);
  try {
    return await rig.task.wait(rig.ctx, {id, execId});
  } finally {
    clearInterval(again);
  }
}

function nanoseconds(time: Timestamp | undefined): bigint {
  return (time?.seconds ?? 0n) * 1_000_000_000n + BigInt(time?.nanos ?? 0);
}
