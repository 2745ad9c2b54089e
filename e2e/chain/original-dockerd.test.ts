/** Debian's dockerd, which knows containerd 1.6 only, on our containerd, our shim and its own runc. */
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {debianExecutables, type Engine, type Executables, poll} from '@longshore/testing';
import test, {type ExecutionContext} from 'ava';
import {openEngine} from '../harness/open.ts';
import {Terminal} from '../harness/terminal.ts';

function openOriginal(t: ExecutionContext, others: Partial<Executables> = {}): Promise<Engine> {
  const {docker, dockerd} = debianExecutables;
  return openEngine(t, {containerd: 'separate', executables: {...others, docker, dockerd}, leakCheck: false});
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

const dockerfile = `FROM busybox
ARG WORD=none
ENV A=1
WORKDIR /work
COPY file .
RUN echo $WORD $A $PWD $(cat file) >made
HEALTHCHECK --interval=1s --retries=1 CMD test -e /tmp/well
CMD ["sleep", "300"]
`;

/** Things that go through containerd in other ways than a plain run. What they say, in order. */
async function session(engine: Engine): Promise<string[]> {
  const {scratch} = engine.paths;
  const context = join(scratch, 'context');
  mkdirSync(context);
  writeFileSync(join(context, 'Dockerfile'), dockerfile);
  writeFileSync(join(context, 'file'), 'content');
  const said: string[] = [];
  const ok = async (...args: string[]) => void said.push(await engine.dockerOk(...args));
  const state = (format: string, name: string) => engine.dockerOk('inspect', '-f', `{{.State.${format}}}`, name);

  await engine.dockerOk('build', '-q', '-t', 'built', '--build-arg', 'WORD=given', context);
  await ok('run', '--rm', 'built', 'cat', 'made');
  await engine.dockerOk('run', '-d', '--name', 'well', 'built');
  await poll(async () => (await state('Health.Status', 'well')) === 'unhealthy', {what: 'a failing health check'});
  await ok('exec', 'well', 'touch', '/tmp/well');
  await poll(async () => (await state('Health.Status', 'well')) === 'healthy', {what: 'a passing health check'});

  await ok('cp', join(context, 'file'), 'well:/copied');
  await ok('exec', 'well', 'cat', '/copied');
  await ok('cp', 'well:/work/made', join(scratch, 'out'));
  said.push(readFileSync(join(scratch, 'out'), 'utf8'));
  said.push((await engine.dockerOk('diff', 'well')).split('\n').sort().join('\n')); // in no order
  await engine.dockerOk('commit', 'well', 'committed');
  await ok('run', '--rm', 'committed', 'cat', '/copied');

  using terminal = new Terminal(engine, [engine.executables.docker, 'exec', '-it', 'well', 'sh']);
  await terminal.expect('/work # ');
  terminal.type('echo $((6*7)); tty; exit 3\n');
  said.push(`exec -it ended with ${await terminal.exited}`, String(/42\r\n\/dev\/pts\/\d/.test(terminal.shown)));

  await engine.dockerOk('run', '-d', '--name', 'again', '--restart', 'on-failure:2', 'busybox', 'sh', '-c', 'exit 4');
  await poll(async () => (await state('Status', 'again')) === 'exited', {what: 'the last restart', timeout: 60_000});
  await ok('inspect', '-f', '{{.RestartCount}} {{.State.ExitCode}}', 'again');
  await engine.dockerOk('run', '-d', '--name', 'hungry', '-m', '16m', 'busybox', 'tail', '/dev/zero');
  await ok('wait', 'hungry');
  await ok('inspect', '-f', '{{.State.OOMKilled}}', 'hungry');
  await ok('kill', '-s', 'USR1', 'well');
  await ok('rm', '-f', 'well', 'again', 'hungry');
  await ok('ps', '-aq');
  return said;
}

test('builds, copies, terminals, restarts and health are the same as on the original containerd', async t => {
  t.timeout(400_000);
  const [ours, original] = await Promise.all([
    openOriginal(t).then(session),
    openOriginal(t, debianExecutables).then(session),
  ]);
  t.deepEqual(ours, original);
  t.is(ours[0], 'given 1 /work content');
});
