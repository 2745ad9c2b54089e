/** SIGKILL of any process of the chain, at any moment, while containers run and print. */
import {constants} from 'node:os';
import {descendants, type Engine, poll, readProcess} from '@longshore/testing';
import test from 'ava';
import {openEngine} from '../harness/open.ts';
import {waitForStatus} from '../harness/processes.ts';

/** Prints 1, 2, 3, … until it is told to stop, then exits with 9. */
const printer = 'i=0; until [ -e /s/stop ]; do i=$((i+1)); echo $i; usleep 1500; done; exit 9';

/** True when the text is every number from 1 on, one a line: nothing lost, nothing doubled. */
function isComplete(text: string): boolean {
  const lines = text.split('\n');
  return lines.length > 300 && lines.every((line, index) => line === String(index + 1));
}

async function startPrinter(engine: Engine): Promise<{id: string; pid: number}> {
  const id = await engine.dockerOk(
    'run',
    '-d',
    '--name',
    'printer',
    '-v',
    `${engine.paths.scratch}:/s`,
    'busybox',
    'sh',
    '-c',
    printer,
  );
  const pid = Number(await engine.dockerOk('inspect', '-f', '{{.State.Pid}}', 'printer'));
  return {id, pid};
}

async function killContainerd(engine: Engine): Promise<void> {
  const containerd = await engine.containerdProcess();
  await containerd.kill();
  await poll(() => !containerd.running, {what: 'the killed containerd to be gone'});
}

/** After the crash: same process, all lines once each, the right exit code. */
async function finishPrinter(t: import('ava').ExecutionContext, engine: Engine, pid: number): Promise<void> {
  t.is(await engine.dockerOk('inspect', '-f', '{{.State.Running}} {{.State.Pid}}', 'printer'), `true ${pid}`);
  t.true((await engine.dockerOk('ps', '--format', '{{.Names}}')).includes('printer'));
  const following = engine.dockerOk('logs', '-f', 'printer');
  const some = async () => (await engine.dockerOk('logs', 'printer')).split('\n').length > 400;
  await poll(some, {timeout: 30_000, what: 'lines after the restart'});
  await engine.run(['touch', `${engine.paths.scratch}/stop`]);
  t.is(await engine.dockerOk('wait', 'printer'), '9');
  const logs = await engine.dockerOk('logs', 'printer');
  t.true(isComplete(logs), `no line lost, none doubled: ${logs.slice(-200)}`);
  t.is(await following, logs, 'logs -f after the restart');
  await engine.dockerOk('rm', 'printer');
}

test('dockerd is killed three times while a container prints', async t => {
  const engine = await openEngine(t);
  const {pid} = await startPrinter(engine);
  for (let round = 0; round < 3; round++) {
    await poll(async () => (await engine.dockerOk('logs', 'printer')).split('\n').length > (round + 1) * 100);
    await engine.dockerd.kill('SIGKILL');
    t.truthy(readProcess(pid), 'the container lives on');
    await engine.dockerd.start();
  }
  await finishPrinter(t, engine, pid);
});

test('containerd is killed while a container prints and a client follows', async t => {
  const engine = await openEngine(t);
  const {pid} = await startPrinter(engine);
  const following = engine.dockerOk('logs', '-f', 'printer');
  await killContainerd(engine);
  t.truthy(readProcess(pid), 'the container lives on');
  await engine.containerdPid();
  await finishPrinter(t, engine, pid);
  t.true(isComplete(await following), 'the client that followed all the time');
});

test('dockerd and containerd are killed together', async t => {
  const engine = await openEngine(t);
  const {pid} = await startPrinter(engine);
  await Promise.all([engine.dockerd.kill('SIGKILL'), killContainerd(engine)]);
  t.truthy(readProcess(pid), 'the container lives on');
  await engine.dockerd.start();
  await finishPrinter(t, engine, pid);
});

test('a container that ends while nobody watches has its exit code afterwards', async t => {
  const engine = await openEngine(t);
  const release = `${engine.paths.scratch}/end`;
  const script = 'until [ -e /s/end ]; do usleep 20000; done; echo last words; exit 33';
  const id = await engine.dockerOk('run', '-d', '-v', `${engine.paths.scratch}:/s`, 'busybox', 'sh', '-c', script);
  const pid = Number(await engine.dockerOk('inspect', '-f', '{{.State.Pid}}', id));
  await Promise.all([engine.dockerd.kill('SIGKILL'), killContainerd(engine)]);
  await engine.run(['touch', release]);
  await poll(() => (readProcess(pid)?.state ?? 'Z') === 'Z', {what: 'the container to end'});
  await engine.dockerd.start();
  t.is(await engine.dockerOk('wait', id), '33');
  t.is(await engine.dockerOk('logs', id), 'last words');
});

test('a killed shim: the container is reported dead within 2 s and its parts are cleaned up', async t => {
  const engine = await openEngine(t);
  const id = await engine.dockerOk('run', '-d', 'busybox', 'sleep', '300');
  const pid = Number(await engine.dockerOk('inspect', '-f', '{{.State.Pid}}', id));
  await engine.shimProcess(id).kill();
  await waitForStatus(engine, id, 'exited', 2000);
  t.is(await engine.dockerOk('inspect', '-f', '{{.State.ExitCode}}', id), String(128 + constants.signals.SIGKILL));
  await poll(() => (readProcess(pid)?.state ?? 'Z') === 'Z', {
    timeout: 2000,
    what: 'the container process to be killed',
  });
  t.deepEqual(
    descendants(engine.sandbox.pid).filter(p => p.command.includes('sleep 300')),
    [],
  );
  const {links} = await engine.sandbox.survey();
  t.deepEqual(
    links.filter(name => name.startsWith('veth')),
    [],
  );
  await engine.dockerOk('start', id);
  t.is(await engine.dockerOk('inspect', '-f', '{{.State.Running}}', id), 'true');
});

test('a stop by SIGTERM stops the containers and leaves them to be started again', async t => {
  const engine = await openEngine(t);
  const id = await engine.dockerOk(
    'run',
    '-d',
    'busybox',
    'sh',
    '-c',
    'trap "exit 0" TERM; while :; do usleep 10000; done',
  );
  await engine.dockerd.restart();
  t.is(await engine.dockerOk('inspect', '-f', '{{.State.Status}}', id), 'exited');
  await engine.dockerOk('start', id);
});
