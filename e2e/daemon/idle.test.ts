/** An idle engine sleeps: wake-ups of dockerd and containerd are counted. A full minute with LONGSHORE_LONG=1. */
import {readdirSync, readFileSync} from 'node:fs';
import {setTimeout as delay} from 'node:timers/promises';
import {poll} from '@longshore/testing';
import test from 'ava';
import {openEngine} from '../harness/open.ts';

const isLong = process.env.LONGSHORE_LONG === '1';
const seconds = isLong ? 60 : 3;
/** Until the supervisor rests, and the runtime has tidied up. */
const settleSeconds = isLong ? 25 : 1;

/** How often each thread of a process went to sleep, by its id: each time something had woken it. */
function sleeps(pid: number): Map<string, number> {
  const tasks = readdirSync(`/proc/${pid}/task`).flatMap(task => {
    try {
      const status = readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8');
      return [[task, Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1] ?? 0)] as const];
    } catch {
      return []; // a thread that has just ended
    }
  });
  return new Map(tasks);
}

test(`wake-ups over ${seconds} s with a running container`, async t => {
  t.timeout(180_000);
  const engine = await openEngine(t);
  await engine.dockerOk('run', '-d', '--name', 'sleeper', 'busybox', 'sleep', '100000');
  const processes = {dockerd: engine.dockerd.pid, containerd: await engine.containerdPid()};
  await delay(settleSeconds * 1000);
  const before = Object.values(processes).map(sleeps);
  await delay(seconds * 1000);
  for (const [i, [name, pid]] of Object.entries(processes).entries()) {
    const after = [...sleeps(pid)].map(([task, count]) => [task, count - (before[i]?.get(task) ?? 0)] as const);
    const rate = after.reduce((sum, [, count]) => sum + count, 0) / seconds;
    const main = (after.find(([task]) => task === String(pid))?.[1] ?? 0) / seconds;
    t.log(`${name}: ${main.toFixed(2)} wake-ups a second of the main thread, ${rate.toFixed(2)} of all`);
    t.true(rate < 200, 'no busy loop');
  }
  await engine.dockerOk('rm', '-f', 'sleeper');
});

test('a containerd that is stopped is replaced, also while nobody asks for anything', async t => {
  t.timeout(180_000);
  const engine = await openEngine(t);
  const id = await engine.dockerOk('run', '-d', 'busybox', 'sleep', '100000');
  const first = await engine.containerdPid();
  if (isLong) await delay(settleSeconds * 1000);
  const begin = performance.now();
  process.kill(first, 'SIGSTOP');
  await poll(async () => (await engine.containerdPid()) !== first, {what: 'another containerd', timeout: 60_000});
  t.log(`replaced after ${((performance.now() - begin) / 1000).toFixed(1)} s`);
  const answers = async () => (await engine.docker('exec', id, 'echo', 'alive')).stdout.trim() === 'alive';
  await poll(answers, {what: 'an answer of the container', timeout: 60_000});
  await engine.dockerOk('rm', '-f', id);
  t.pass();
});
