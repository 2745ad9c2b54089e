/** Many containers at once: started, listed and removed side by side, and nothing leaks (the harness looks). */
import {readdirSync} from 'node:fs';
import {debianExecutables, descendants, type Engine} from '@longshore/testing';
import test from 'ava';
import {openEngine} from '../harness/open.ts';
import {sharedEngine} from '../harness/shared-engine.ts';
import {describeTimings, noTimings, round} from './parallel-rounds.ts';

const isLong = process.env.LONGSHORE_LONG === '1';
const [count, rounds] = isLong ? [100, 5] : [10, 2];

const engine = sharedEngine(test);

test('20 containers are started in parallel and removed in parallel', async t => {
  const numbers = Array.from({length: 20}, (_, i) => i);
  const ids = await Promise.all(
    numbers.map(n =>
      engine().dockerOk('run', '-d', '--name', `many-${n}`, 'busybox', 'sh', '-c', `echo ${n}; sleep 60`),
    ),
  );
  t.is(new Set(ids).size, 20);
  const addresses = await engine().dockerOk('inspect', '-f', '{{.NetworkSettings.IPAddress}}', ...ids);
  t.is(new Set(addresses.split('\n')).size, 20);
  const logs = await Promise.all(ids.map(id => engine().dockerOk('logs', id)));
  t.deepEqual(logs, numbers.map(String));
  await Promise.all(ids.map(id => engine().dockerOk('rm', '-f', id)));
  t.is(await engine().dockerOk('ps', '-aq'), '');
  const {links, mounts} = await engine().sandbox.survey();
  t.deepEqual(
    links.filter(name => name.startsWith('veth')),
    [],
  );
  t.deepEqual(
    mounts.filter(path => path.includes('/rootfs/') || path.includes('/netns/')),
    [],
  );
});

test('short runs side by side all give their own output', async t => {
  const outputs = await Promise.all(
    Array.from({length: 20}, (_, n) => engine().dockerOk('run', '--rm', 'busybox', 'echo', `run ${n}`)),
  );
  t.deepEqual(
    outputs,
    Array.from({length: 20}, (_, n) => `run ${n}`),
  );
});

/** What a container leaves in the daemon: descriptors, processes, mounts, links, cgroups are looked at by the harness. */
async function remains(e: Engine) {
  const {links, mounts} = await e.sandbox.survey();
  return {
    containers: await e.api.get<unknown[]>('/containers/json?all=1'),
    veths: links.filter(name => name.startsWith('veth')),
    mounts: mounts.filter(path => path.startsWith(`${e.paths.root}/`) && /\/(rootfs|netns|mounts)\//.test(path)),
    shims: descendants(e.sandbox.pid).filter(({command}) => command.includes('containerd-shim')),
    directories: readdirSync(`${e.paths.dataRoot}/containers`),
  };
}

const nothing = {containers: [], veths: [], mounts: [], shims: [], directories: []};
const descriptors = (e: Engine): number => readdirSync(`/proc/${e.dockerd.pid}/fd`).length;

test.serial(`${rounds} rounds of ${count} containers at once leave nothing`, async t => {
  t.timeout(600_000);
  const e = await openEngine(t);
  const timings = noTimings();
  // What is opened once and stays is not counted.
  await round(e, 2, noTimings());
  const before = descriptors(e);
  for (let i = 0; i < rounds; i++) {
    await round(e, count, timings);
    t.deepEqual(await remains(e), nothing, `round ${i}`);
  }
  const after = descriptors(e);
  t.true(after <= before + 5, `${before} descriptors before, ${after} afterwards`);
  t.log(`ours: ${describeTimings(timings)}`);
});

if (isLong) {
  test.serial('the original under the same load', async t => {
    t.timeout(900_000);
    const e = await openEngine(t, {executables: debianExecutables, leakCheck: false});
    const timings = noTimings();
    await round(e, 2, noTimings());
    for (let i = 0; i < rounds; i++) await round(e, count, timings);
    t.is(timings.rm.length, count * rounds);
    t.log(`original: ${describeTimings(timings)}`);
  });
}
