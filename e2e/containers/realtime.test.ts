/** Real-time scheduling, where the kernel has it in cgroups of version 1. */
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import anyTest from 'ava';
import {openEngine} from '../harness/open.ts';

const test = existsSync('/sys/fs/cgroup/cpu/cpu.rt_runtime_us') ? anyTest : anyTest.skip;

test('the daemon gives its parent cgroup a share, and a container takes of it', async t => {
  const engine = await openEngine(t, {dockerdArgs: ['--cpu-rt-period', '1000000', '--cpu-rt-runtime', '20000']});
  const flags = ['--cpu-rt-period', '1000000', '--cpu-rt-runtime', '10000', '--ulimit', 'rtprio=0'];
  const id = await engine.dockerOk('run', '-d', ...flags, 'busybox', 'sleep', '600');
  const read = (...path: string[]) =>
    readFileSync(join('/sys/fs/cgroup/cpu', engine.paths.cgroupParent, ...path), 'utf8').trim();
  t.deepEqual([read('cpu.rt_runtime_us'), read(id, 'cpu.rt_runtime_us')], ['20000', '10000']);
  const more = await engine.docker(
    'run',
    '--rm',
    '--cpu-rt-runtime',
    '2000000',
    '--cpu-rt-period',
    '1000000',
    'busybox',
  );
  t.regex(more.stderr, /cpu real-time runtime cannot be higher than cpu real-time period/);
});
