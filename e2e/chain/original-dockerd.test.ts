/** Debian's dockerd, which knows containerd 1.6 only, on our containerd, our shim and its own runc. */
import {debianExecutables, type Engine, poll} from '@longshore/testing';
import test, {type ExecutionContext} from 'ava';
import {openEngine} from '../harness/open.ts';

function openOriginal(t: ExecutionContext): Promise<Engine> {
  const {docker, dockerd} = debianExecutables;
  return openEngine(t, {containerd: 'separate', executables: {docker, dockerd}, leakCheck: false});
}

test('the original dockerd runs its containers through our containerd and shim', async t => {
  t.timeout(180_000);
  const engine = await openOriginal(t);
  t.is(engine.executables.dockerd, debianExecutables.dockerd);
  t.is(await engine.dockerOk('run', '--rm', 'busybox', 'echo', 'through'), 'through');
  t.is((await engine.docker('run', '--rm', 'busybox', 'sh', '-c', 'exit 12')).exitCode, 12);
  t.is((await engine.docker('run', '--rm', 'busybox', 'nosuchcommand')).exitCode, 127);

  const script = 'echo to stdout; echo to stderr >&2; trap "echo stopping; exit 5" TERM; while :; do sleep 0.1; done';
  const id = await engine.dockerOk('run', '-d', '--name', 'box', '-m', '64m', 'busybox', 'sh', '-c', script);
  const shim = `${engine.executables.path}/containerd-shim-runc-v2 `;
  const {processes} = await engine.sandbox.survey();
  t.true(processes.some(({command}) => command.startsWith(shim) && command.includes(id)));
  await poll(async () => (await engine.docker('logs', 'box')).stderr.includes('to stderr'), {what: 'the logs'});
  const logs = await engine.docker('logs', 'box');
  t.deepEqual([logs.stdout, logs.stderr], ['to stdout', 'to stderr']);

  t.is(await engine.dockerOk('exec', 'box', 'sh', '-c', 'echo inside; hostname'), `inside\n${id.slice(0, 12)}`);
  t.is((await engine.docker('exec', 'box', 'sh', '-c', 'exit 9')).exitCode, 9);
  t.regex(await engine.dockerOk('top', 'box'), /while :/);
  t.regex(await engine.dockerOk('stats', '--no-stream', 'box'), /64MiB/);
  await engine.dockerOk('pause', 'box');
  t.regex(await engine.dockerOk('ps'), /Paused/);
  await engine.dockerOk('unpause', 'box');

  await engine.dockerOk('stop', 'box');
  t.is(await engine.dockerOk('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', 'box'), 'exited 5');
  t.regex(await engine.dockerOk('logs', 'box'), /stopping$/);
  await engine.dockerOk('start', 'box');
  await engine.dockerOk('kill', 'box');
  await engine.dockerOk('rm', 'box');
  t.is(await engine.dockerOk('ps', '-aq'), '');
  const tasks = await engine.ctr('tasks', 'ls', '-q');
  t.deepEqual([tasks.exitCode, tasks.stdout], [0, '']);
});

test('its containers live through a restart of our containerd, and their end is heard afterwards', async t => {
  t.timeout(180_000);
  const engine = await openOriginal(t);
  await engine.dockerOk('run', '-d', '--name', 'box', 'busybox', 'sleep', '300');
  await engine.containerd!.restart();
  t.is(await poll(async () => (await engine.docker('exec', 'box', 'echo', 'still')).stdout || false), 'still');
  await engine.dockerOk('kill', 'box');
  t.is(await engine.dockerOk('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', 'box'), 'exited 137');
});
