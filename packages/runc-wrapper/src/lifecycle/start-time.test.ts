/** How long `start` of a created container takes within a process; prints the figure, and fails at none. */
import {join} from 'node:path';
import test from 'ava';
import {RuncRuntime} from '../runtime.ts';
import {missing, RuntimeSandbox} from '../test-support/sandbox.ts';

const runc = '/usr/sbin/runc';
const reason = missing(runc);
const rounds = process.env.LONGSHORE_LONG === '1' ? 30 : 3;

(reason ? test.skip : test)('the time of a start', async t => {
  t.timeout(120_000);
  const sandbox = await RuntimeSandbox.open(t);
  const runtime = new RuncRuntime({binary: runc, root: sandbox.root, spawn: sandbox.spawn});
  const bundle = sandbox.bundle(['sleep', '1000']);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const fds = {stdin: -1, stdout: -1, stderr: -1};
    await runtime.create({id: 'c1', bundle, pidFile: join(sandbox.directory, 'pid'), fds});
    const begin = performance.now();
    await runtime.start('c1');
    times.push(performance.now() - begin);
    t.is((await runtime.state('c1')).status, 'running');
    await runtime.delete('c1', {force: true});
  }
  times.sort((a, b) => a - b);
  const [median, worst] = [times[times.length >> 1]!, times.at(-1)!];
  t.log(`start of a created container: median ${median.toFixed(2)} ms, worst ${worst.toFixed(2)} ms of ${rounds}`);
});
