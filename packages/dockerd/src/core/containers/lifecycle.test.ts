/** The life of a container over ports of memory: what happens in which order, and what is left when it fails. */
import {callContext, sleep} from '@longshore/base';
import {codeOf, EngineError} from '@longshore/errdefs';
import test from 'ava';
import {Exec, type ExecConfig} from '../exec/exec.ts';
import type {Container} from './container.ts';
import {handleExit} from './exit.ts';
import {type FakeWorld, makeFakeWorld, runtimeError} from './fake-world.testing.ts';
import {removeContainer} from './remove.ts';
import {restartContainer} from './restart.ts';
import {restoreContainers} from './restore.ts';
import {taskListener} from './service.ts';
import {startContainer} from './start.ts';
import {pidOf} from './state.ts';
import {killContainer, stopContainer} from './stop.ts';
import {waitForContainer} from './wait.ts';

const ctx = callContext();
const own = {signal: '', timeoutSeconds: undefined};

/** The process ends: containerd's event arrives. */
function end(fake: FakeWorld, container: Container, exitCode: number): Promise<void> {
  return handleExit(fake.world, container, pidOf(container.state), {exitCode, exitedAt: 2_000_000_000n});
}

/** A process that obeys signals, as most do. */
function obedient(fake: FakeWorld, container: Container): void {
  fake.onKill = (_id, signal) => void end(fake, container, 128 + signal);
}

test('a start is saved before it is announced', async t => {
  const fake = makeFakeWorld();
  const container = fake.add('a');
  await startContainer(fake.world, ctx, container);
  t.is(container.status, 'running');
  const order = fake.trace.filter(each => /task|save|event/.test(each));
  t.deepEqual(order, ['task create', 'task start', 'save running', 'event container start']);
  await t.throwsAsync(startContainer(fake.world, ctx, container), {message: 'container is already running'});
});

test('a start that the runtime refuses leaves nothing but its reason', async t => {
  const fake = makeFakeWorld();
  const container = fake.add('a');
  fake.failNext('task create', runtimeError('exec: "x": executable file not found in $PATH'));
  const error = await t.throwsAsync(startContainer(fake.world, ctx, container));
  t.is(codeOf(error), 'invalid-argument');
  t.regex(error.message, /^failed to create task for container: failed to create shim task: /);
  t.like(container.state, {status: 'created', exitCode: 127, error: error.message});
  for (const undone of ['io finish', 'network release', 'rootfs unmount']) t.true(fake.trace.includes(undone), undone);
  t.false(fake.trace.some(each => each.startsWith('event')));
  t.is(fake.saved.get(container.id), 'created');
  t.like(container.record.network, {SandboxID: '', SandboxKey: ''});
  for (const {EndpointID, IPAddress} of Object.values(container.record.network.Networks ?? {})) {
    t.deepEqual([EndpointID, IPAddress], ['', '']);
  }
});

test('a network that fails undoes what went on beside it', async t => {
  const fake = makeFakeWorld();
  const container = fake.add('a');
  fake.failNext('network attach', new EngineError('permission-denied', 'Address already in use'));
  const error = await t.throwsAsync(startContainer(fake.world, ctx, container));
  t.is(codeOf(error), 'permission-denied');
  t.like(container.state, {exitCode: 128});
  t.true(fake.trace.includes('io finish') && fake.trace.includes('rootfs unmount'));
  t.false(fake.trace.includes('task create'));
});

test('an exit is cleaned up, saved, announced, and then told to those who wait', async t => {
  const fake = makeFakeWorld();
  const container = fake.add('a');
  await startContainer(fake.world, ctx, container);
  const waiting = waitForContainer(container, 'not-running');
  fake.trace.length = 0;
  await end(fake, container, 7);
  t.like(await waiting, {exitCode: 7});
  const order = fake.trace.filter(each => /delete|finish|save|event/.test(each));
  t.deepEqual(order, ['task delete', 'io finish', 'save exited', 'event container die 7']);
  t.true(fake.trace.includes('network release'));
  t.like(await waitForContainer(container, 'not-running'), {exitCode: 7});
});

test('a task whose deletion containerd did not live through is deleted when it is back', async t => {
  const fake = makeFakeWorld();
  const container = fake.add('a');
  await startContainer(fake.world, ctx, container);
  fake.failNext('task delete', new EngineError('unavailable', 'read ECONNRESET'));
  const waiting = waitForContainer(container, 'not-running');
  await end(fake, container, 7);
  t.like(await waiting, {exitCode: 7});
  t.deepEqual([...fake.tasks.keys()], []);
  t.deepEqual(
    fake.trace.filter(each => /delete|destroy/.test(each)),
    ['task delete', 'task delete'],
  );
});

test('the task that a container without a process, or one that is gone, still has is destroyed when containerd is back', async t => {
  const fake = makeFakeWorld();
  const [left, running, removed] = [fake.add('left'), fake.add('running'), fake.add('removed')];
  fake.world.registry.remove(removed);
  fake.tasks.set(removed.id, {status: 'created', pid: 79});
  await startContainer(fake.world, ctx, running);
  fake.tasks.set(left.id, {status: 'stopped', pid: 77, exitCode: 4, exitedAt: 5n});
  fake.tasks.set('f'.repeat(64), {status: 'running', pid: 78});
  taskListener(fake.world).interrupted();
  for (let i = 0; i < 1000 && fake.tasks.size > 2; i++) await new Promise(resolve => setImmediate(resolve));
  t.deepEqual([...fake.tasks.keys()], [running.id, 'f'.repeat(64)], 'what it does not know it leaves alone');
});

test('an event of an earlier run changes nothing', async t => {
  const fake = makeFakeWorld();
  const container = fake.add('a');
  await startContainer(fake.world, ctx, container);
  await handleExit(fake.world, container, 4, {exitCode: 1, exitedAt: 1n});
  t.is(container.status, 'running');
});

test('a stop: signal, then its event before the death', async t => {
  const fake = makeFakeWorld();
  const container = fake.add('a');
  await startContainer(fake.world, ctx, container);
  obedient(fake, container);
  fake.trace.length = 0;
  await stopContainer(fake.world, ctx, container, own);
  const events = fake.trace.filter(each => each.startsWith('event'));
  t.deepEqual(events, ['event container kill 15', 'event container stop', 'event container die 143']);
  t.true(container.record.manuallyStopped);
  t.is(codeOf(await t.throwsAsync(stopContainer(fake.world, ctx, container, own))), 'not-modified');
});

test('a container that ignores the signal is killed after its time', async t => {
  const fake = makeFakeWorld();
  const container = fake.add('a');
  await startContainer(fake.world, ctx, container);
  fake.onKill = (_id, signal) => {
    if (signal === 9) void end(fake, container, 137);
  };
  await stopContainer(fake.world, ctx, container, {signal: 'USR1', timeoutSeconds: 0});
  t.deepEqual(
    fake.trace.filter(each => each.startsWith('task kill')),
    ['task kill 10', 'task kill 9'],
  );
});

test('a restart policy starts it again, and a stop ends that', async t => {
  const fake = makeFakeWorld();
  const container = fake.add('a', {RestartPolicy: {Name: 'always', MaximumRetryCount: 0}});
  await startContainer(fake.world, ctx, container);
  await end(fake, container, 1);
  t.is(container.status, 'restarting');
  t.is(container.record.restartCount, 1);
  await sleep(160);
  t.is(container.status, 'running');
  t.is(container.record.restartCount, 1);
  await end(fake, container, 1);
  await stopContainer(fake.world, ctx, container, own);
  t.is(container.status, 'exited');
  await sleep(300);
  t.is(container.status, 'exited');
});

test('a stop announces that it called off a restart; a kill and a removal do not', async t => {
  const ways: [string, (fake: FakeWorld, container: Container) => Promise<void>, boolean][] = [
    ['stop', (fake, container) => stopContainer(fake.world, ctx, container, own), true],
    ['kill', (fake, container) => killContainer(fake.world, ctx, container, 'KILL'), false],
    [
      'removal',
      (fake, container) => removeContainer(fake.world, ctx, container, 'a', {force: true, removeVolumes: false}),
      false,
    ],
  ];
  for (const [name, way, isAnnounced] of ways) {
    const fake = makeFakeWorld();
    const container = fake.add('a', {RestartPolicy: {Name: 'always', MaximumRetryCount: 0}});
    await startContainer(fake.world, ctx, container);
    await end(fake, container, 1);
    await way(fake, container);
    t.is(fake.trace.includes('event container stop'), isAnnounced, name);
    t.not(container.status, 'restarting', name);
  }
});

test('--rm removes it, but not between the two halves of a restart', async t => {
  const fake = makeFakeWorld();
  const container = fake.add('a', {AutoRemove: true});
  await startContainer(fake.world, ctx, container);
  obedient(fake, container);
  await restartContainer(fake.world, ctx, container, own);
  t.is(container.status, 'running');
  const gone = waitForContainer(container, 'removed');
  await end(fake, container, 3);
  t.like(await gone, {exitCode: 3});
  t.is(fake.world.registry.all.length, 0);
  t.false(fake.saved.has(container.id));
  t.is(fake.trace.at(-1), 'event container destroy');
});

test('a removal says what is in its way, and with force it ends it', async t => {
  const fake = makeFakeWorld();
  const container = fake.add('a');
  await startContainer(fake.world, ctx, container);
  const remove = (force: boolean) => removeContainer(fake.world, ctx, container, 'a', {force, removeVolumes: false});
  await t.throwsAsync(remove(false), {
    message: 'cannot remove container "a": container is running: stop the container before removing or force remove',
  });
  obedient(fake, container);
  await remove(true);
  t.throws(() => fake.world.registry.find('a'), {message: 'No such container: a'});
  t.true(fake.world.registry.isNameFree('/a'));
});

test('the note of an exit goes with the container, whoever died before he could remove it', async t => {
  const fake = makeFakeWorld();
  const container = fake.add('web');
  await startContainer(fake.world, ctx, container);
  const notes = new Set<string>();
  fake.world.exits = {write: id => void notes.add(id), read: () => undefined, remove: () => {}};
  await end(fake, container, 3); // the daemon is killed just before the note is removed
  t.deepEqual([...notes], [container.id]);
  fake.world.exits.remove = id => void notes.delete(id);
  await removeContainer(fake.world, ctx, container, 'a', {force: false, removeVolumes: false});
  t.is(notes.size, 0);
});

test('a removal waits for a containerd that is started again', async t => {
  const fake = makeFakeWorld();
  const container = fake.add('a');
  const waited = container.removed();
  fake.failNext('rootfs remove', new EngineError('unavailable', 'cannot reach containerd'));
  await removeContainer(fake.world, ctx, container, 'a', {force: false, removeVolumes: false});
  t.is((await waited).error, '');
  t.is(fake.world.registry.get(container.id), undefined);
});

test('a removal that fails leaves it dead, to be tried again', async t => {
  const fake = makeFakeWorld();
  const container = fake.add('a');
  fake.failNext('rootfs remove', new Error('busy'));
  const waited = container.removed();
  const remove = () => removeContainer(fake.world, ctx, container, 'a', {force: false, removeVolumes: false});
  await t.throwsAsync(remove(), {message: /^unable to remove filesystem for .*: busy$/});
  t.is(fake.saved.get(container.id), 'dead');
  t.regex((await waited).error, /^unable to remove filesystem for .*: busy$/);
  await remove();
  t.is(fake.world.registry.all.length, 0);
});

test('a signal to a container that does not run', async t => {
  const fake = makeFakeWorld();
  const container = fake.add('a');
  const error = await t.throwsAsync(killContainer(fake.world, ctx, container, ''));
  t.is(error.message, `container ${container.id} is not running`);
  await t.throwsAsync(killContainer(fake.world, ctx, container, 'BOGUS'), {message: 'invalid signal: BOGUS'});
});

test('a disk that is full does not keep an exit from being told', async t => {
  const fake = makeFakeWorld();
  const container = fake.add('a');
  await startContainer(fake.world, ctx, container);
  fake.failNext('save exited', new Error('ENOSPC'));
  const waiting = container.nextExit();
  await end(fake, container, 5);
  t.like(await waiting, {exitCode: 5});
});

test('after a start of the daemon what runs is taken over, what ended is made up for', async t => {
  const before = makeFakeWorld();
  const [alive, ended, halfway] = [before.add('alive'), before.add('ended'), before.add('halfway')];
  await startContainer(before.world, ctx, alive);
  await startContainer(before.world, ctx, ended);
  const fake = makeFakeWorld();
  fake.world.store.loadAll = async () => [alive.record, ended.record, halfway.record];
  fake.tasks.set(alive.id, {status: 'running', pid: pidOf(alive.state)});
  fake.tasks.set(ended.id, {status: 'stopped', pid: pidOf(ended.state), exitCode: 9, exitedAt: 5n});
  fake.tasks.set(halfway.id, {status: 'created', pid: 77});
  fake.tasks.set('f'.repeat(64), {status: 'running', pid: 78});
  await restoreContainers(fake.world);
  const find = (name: string) => fake.world.registry.find(name);
  t.is(find('alive').status, 'running');
  t.truthy(find('alive').io);
  t.like(find('ended').state, {status: 'exited', last: {exitCode: 9}});
  t.is(find('halfway').status, 'created');
  t.deepEqual([...fake.tasks.keys()], [alive.id]);
  t.true(fake.trace.includes('event container die 9'));
});

test('exits that were missed while containerd was away are found', async t => {
  const fake = makeFakeWorld();
  const [ended, lost] = [fake.add('ended'), fake.add('lost')];
  await startContainer(fake.world, ctx, ended);
  await startContainer(fake.world, ctx, lost);
  const both = Promise.all([ended.nextExit(), lost.nextExit()]);
  fake.tasks.set(ended.id, {status: 'stopped', pid: pidOf(ended.state), exitCode: 4, exitedAt: 5n});
  fake.tasks.delete(lost.id);
  taskListener(fake.world).interrupted();
  t.deepEqual(
    (await both).map(({exitCode}) => exitCode),
    [4, 137],
  );
});

test('exits of execs that were missed while containerd was away are found', async t => {
  const fake = makeFakeWorld();
  const container = fake.add('a');
  await startContainer(fake.world, ctx, container);
  const add = (id: string, state: Exec['state']) => {
    const exec = new Exec(id, container.id, {command: ['true']} as ExecConfig, {} as Exec['process']);
    exec.state = state;
    container.execs.set(id, exec);
    return exec;
  };
  const [ended, lost, runs] = ['e', 'l', 'r'].map(id => add(id, {status: 'running'})) as [Exec, Exec, Exec];
  const starting = add('s', {status: 'starting'});
  fake.tasks.set('e', {status: 'stopped', pid: 7, exitCode: 3, exitedAt: 5n});
  fake.tasks.set('r', {status: 'running', pid: 8});
  fake.tasks.set('s', {status: 'stopped', pid: 9, exitCode: 4, exitedAt: 5n});
  taskListener(fake.world).interrupted();
  t.deepEqual(await Promise.all([ended.exited.promise, lost.exited.promise]), [3, 137]);
  t.true(runs.running);
  t.is(starting.state.status, 'starting');
  starting.state = {status: 'running'}; // containerd answers only now, and the process has ended long ago
  starting.started.resolve();
  t.is(await starting.exited.promise, 4);
});

test('the exit of a process that ended before its start was answered, while containerd was away', async t => {
  const fake = makeFakeWorld();
  const container = fake.add('a');
  const {start} = fake.world.runtime;
  fake.world.runtime.start = async (...args) => {
    const pid = await start(...args);
    taskListener(fake.world).interrupted();
    await sleep(20); // what is asked now is answered before the start is
    fake.tasks.set(container.id, {status: 'stopped', pid, exitCode: 6, exitedAt: 5n});
    return pid;
  };
  const exit = container.nextExit();
  await startContainer(fake.world, ctx, container);
  t.is((await exit).exitCode, 6);
});
