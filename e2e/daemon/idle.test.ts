/** An idle engine sleeps: wake-ups of dockerd and containerd are counted. A full minute with LONGSHORE_LONG=1. */
import {readdirSync, readFileSync} from 'node:fs';
import {setTimeout as delay} from 'node:timers/promises';
import test from 'ava';
import {openEngine} from '../harness/open.ts';

const isLong = process.env.LONGSHORE_LONG === '1';
const seconds = isLong ? 60 : 3;
/** Until the supervisor rests, and the runtime has tidied up. */
const settleSeconds = isLong ? 25 : 1;

/** How often the threads of a process went to sleep: each time something had woken them. */
function sleeps(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
    try {
      const status = readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8');
      return sum + Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    } catch {
      return sum; // a thread that has just ended
    }
  }, 0);
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
    const rate = (sleeps(pid) - (before[i] ?? 0)) / seconds;
    t.log(`${name}: ${rate.toFixed(2)} wake-ups a second, all threads`);
    t.true(rate < 200, 'no busy loop');
  }
  await engine.dockerOk('rm', '-f', 'sleeper');
});
