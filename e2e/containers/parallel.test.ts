/** Many containers at once: started, listed and removed side by side, and nothing leaks (the harness looks). */
import test from 'ava';
import {sharedEngine} from '../harness/shared-engine.ts';

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
