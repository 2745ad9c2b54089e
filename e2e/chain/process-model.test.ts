/** The chain is real: every process, its parent, its sockets, and the handshake on exec.fifo. */
import {readdirSync} from 'node:fs';
import {
  createTask,
  descendants,
  descriptorOf,
  type Engine,
  listeningSockets,
  poll,
  readProcess,
} from '@longshore/testing';
import test from 'ava';
import {openEngine} from '../harness/open.ts';
import {sharedEngine} from '../harness/shared-engine.ts';

const engine = sharedEngine(test);

test('docker → dockerd → containerd → shim → process, each with its socket', async t => {
  const e = engine();
  const id = await e.dockerOk('run', '-d', 'busybox', 'sleep', '300');
  const all = descendants(e.sandbox.pid);
  const containerdPid = await e.containerdPid();
  const shim = e.shimProcess(id);
  const process = all.find(p => p.parent === shim.pid);
  t.is(readProcess(e.dockerd.pid)?.parent, e.sandbox.pid);
  t.is(readProcess(containerdPid)?.parent, e.dockerd.pid);
  t.is(process?.command, 'sleep 300');
  t.is(String(process?.pid), await e.dockerOk('inspect', '-f', '{{.State.Pid}}', id));
  t.true(listeningSockets(e.dockerd.pid).some(s => s.path === e.paths.dockerSocket));
  const containerdSockets = listeningSockets(containerdPid).map(s => s.path);
  t.true(containerdSockets.includes(e.paths.containerdSocket));
  t.true(containerdSockets.includes(`${e.paths.containerdSocket}.ttrpc`));
  const [socket] = shim.sockets;
  t.is(socket?.fd, 3, 'the shim listens on the descriptor that it inherited');
  t.regex(socket?.path ?? '', /\/s\/[0-9a-f]{64}$/);
  await e.dockerOk('rm', '-f', id);
});

test('between create and start, init is "runc init" and waits on exec.fifo; afterwards it is the process', async t => {
  const e = engine();
  const task = await createTask(e, ['sleep', '300']);
  const [fifo = ''] = await fifoOfDefaultRoot(e, task.id);
  t.is(readProcess(task.pid)?.command, 'runc init');
  t.is(readProcess(task.pid)?.parent, e.shimProcess(task.id).pid);
  t.true(fifo.endsWith('/exec.fifo'), 'the fifo is in the state directory of the runtime');
  const open = readdirSync(`/proc/${task.pid}/fd`).map(fd => descriptorOf(task.pid, Number(fd)) ?? '');
  t.true(
    open.some(path => path.includes('exec.fifo')),
    open.join(' '),
  );
  t.is((await e.ctr('tasks', 'ls')).stdout.match(new RegExp(`${task.id}\\s+\\d+\\s+(\\w+)`))?.[1], 'CREATED');
  await task.start();
  await poll(() => readProcess(task.pid)?.command === 'sleep 300', {what: 'the user process'});
  t.deepEqual(await fifoOfDefaultRoot(e, task.id), [], 'start removed the fifo');
  await task[Symbol.asyncDispose]();
  t.is(readProcess(task.pid), undefined);
});

/** The runtime's root is /run/containerd/runc where no option says otherwise; /run is the engine's own. */
async function fifoOfDefaultRoot(e: Engine, id: string): Promise<string[]> {
  const {stdout} = await e.run(['find', '/run/containerd/runc', '-path', `*${id}/exec.fifo`, '-type', 'p']);
  return stdout === '' ? [] : stdout.split('\n');
}

test('several engines at once do not see each other', async t => {
  const other = await openEngine(t);
  await other.dockerOk('run', '-d', '--name', 'alone', 'busybox', 'sleep', '300');
  t.false((await engine().dockerOk('ps', '--format', '{{.Names}}')).includes('alone'));
  t.deepEqual(
    descendants(engine().sandbox.pid).filter(p => p.pid === other.dockerd.pid),
    [],
  );
});
