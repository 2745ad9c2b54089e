import {deferred, discardLogger} from '@longshore/base';
import {codeOf, EngineError} from '@longshore/errdefs';
import test, {type ExecutionContext} from 'ava';
import {openTestMetadata, recordEvents, testContext} from '../../test-support/store.ts';
import {now} from '../time.ts';
import type {ProcessExit, Shim, ShimManager, ShimRequest, TaskCreation} from './shim.ts';
import {Tasks} from './tasks.ts';

const ctx = testContext('n');
const creation: TaskCreation = {rootfs: [], stdin: '', stdout: '', stderr: '', terminal: false, checkpoint: ''};
const closed = () => Promise.reject(new EngineError('unavailable', 'ttrpc: closed'));
const killed: ProcessExit = {pid: 42, exitStatus: 137, exitedAt: {seconds: 9n, nanos: 0}};

/** A shim whose calls do nothing, apart from what a test replaces. */
function fakeShim(id: string, overrides: Partial<Shim> = {}): Shim & {ended: string[]; die(): void} {
  const disconnected = deferred();
  const ended: string[] = [];
  const exit = {pid: 42, exitStatus: 0};
  const state = {
    pid: 42,
    status: 'running' as const,
    stdin: '',
    stdout: '',
    stderr: '',
    terminal: false,
    exitStatus: 0,
  };
  return {
    namespace: 'n',
    id,
    bundle: `/b/${id}`,
    address: 'unix:///s',
    disconnected: disconnected.promise,
    create: async () => 42,
    start: async () => 42,
    delete: async () => exit,
    exec: async () => {},
    state: async () => state,
    wait: async () => exit,
    kill: async () => {},
    pids: async () => [{pid: 42}],
    pause: async () => {},
    resume: async () => {},
    update: async () => {},
    stats: async () => ({typeUrl: 'm', value: new Uint8Array()}),
    resizePty: async () => {},
    closeIO: async () => {},
    checkpoint: async () => {},
    end: async (_ctx, how) => void ended.push(how),
    detach: () => disconnected.resolve(),
    cleanUp: async () => killed,
    ...overrides,
    ended,
    die: () => disconnected.resolve(),
  };
}

function fixture(t: ExecutionContext, shim: Shim = fakeShim('c'), overrides: Partial<ShimManager> = {}) {
  const metadata = openTestMetadata(t);
  const time = now();
  metadata.containers.put('n', {
    ...{id: 'c', labels: {}, image: '', snapshotter: '', snapshotKey: '', extensions: {}, sandbox: ''},
    runtime: {name: 'io.containerd.runc.v2', options: {typeUrl: 'own', value: new Uint8Array()}},
    spec: {typeUrl: 's', value: Buffer.from('{"spec":1}')},
    createdAt: time,
    updatedAt: time,
  });
  const requests: ShimRequest[] = [];
  const shims: ShimManager = {
    start: async (_ctx, request) => {
      requests.push(request);
      return shim;
    },
    load: async () => [],
    ...overrides,
  };
  const events = recordEvents();
  const tasks = new Tasks({metadata, shims, events, log: discardLogger(), stateTimeoutMs: 10});
  const topics = () => events.events.map(({event}) => event.topic);
  return {tasks, requests, events, topics};
}

test('a task is made from its container and can be had once', async t => {
  const {tasks, requests} = fixture(t);
  t.is(await tasks.create(ctx, 'c', creation), 42);
  t.is(Buffer.from(requests[0]?.spec ?? []).toString(), '{"spec":1}');
  t.is(requests[0]?.runtime, 'io.containerd.runc.v2');
  t.is(requests[0]?.options?.typeUrl, 'own');
  const again = await t.throwsAsync(tasks.create(ctx, 'c', creation));
  t.is(again?.message, 'task c: already exists');
  t.is(codeOf(again), 'already-exists');
});

test('options and shim of the request come first', async t => {
  const {tasks, requests} = fixture(t);
  await tasks.create(ctx, 'c', {...creation, options: {typeUrl: 'given', value: new Uint8Array()}}, '/opt/shim');
  t.is(requests[0]?.runtime, '/opt/shim');
  t.is(requests[0]?.options?.typeUrl, 'given');
});

test('without container no task', async t => {
  const {tasks} = fixture(t);
  const error = await t.throwsAsync(tasks.create(ctx, 'nosuch', creation));
  t.is(error?.message, 'container "nosuch" in namespace "n": not found');
  t.is((await t.throwsAsync(tasks.start(ctx, 'c', '')))?.message, 'task c not found');
});

test('a create that the shim refuses leaves nothing', async t => {
  const shim = fakeShim('c', {
    create: () => Promise.reject(new EngineError('unknown', 'OCI runtime create failed: no')),
  });
  const {tasks} = fixture(t, shim);
  const error = await t.throwsAsync(tasks.create(ctx, 'c', creation));
  t.is(error?.message, 'failed to create shim task: OCI runtime create failed: no');
  t.is(codeOf(error), 'unknown');
  t.deepEqual(shim.ended, ['failed']);
  t.is(tasks.size, 0);
});

test('two creates at once: one wins', async t => {
  const {tasks, requests} = fixture(t);
  const results = await Promise.allSettled([tasks.create(ctx, 'c', creation), tasks.create(ctx, 'c', creation)]);
  t.deepEqual(results.map(result => result.status).sort(), ['fulfilled', 'rejected']);
  t.is(requests.length, 1);
});

test('a delete ends the shim, which is no death', async t => {
  const shim = fakeShim('c');
  const {tasks, topics} = fixture(t, shim);
  await tasks.create(ctx, 'c', creation);
  await tasks.delete(ctx, 'c');
  shim.die();
  await tasks.settled();
  t.deepEqual(shim.ended, ['deleted']);
  t.deepEqual(topics(), []);
  t.is(codeOf(await t.throwsAsync(tasks.get(ctx, 'c', ''))), 'not-found');
});

test('who wants to know waits until the end of a shim is over', async t => {
  const {promise, resolve} = deferred();
  const {tasks} = fixture(t, fakeShim('c', {end: () => promise}));
  await tasks.ended(ctx, 'c');
  await tasks.create(ctx, 'c', creation);
  await tasks.delete(ctx, 'c');
  let isOver = false;
  const waiting = tasks.ended(ctx, 'c').then(() => {
    isOver = true;
  });
  const impatient = {...ctx, signal: AbortSignal.abort()};
  await tasks.ended(impatient, 'c');
  t.false(isOver);
  resolve();
  await waiting;
  await tasks.ended(ctx, 'c');
});

test('a delete that the shim refuses keeps the task', async t => {
  const refuse = () => Promise.reject(new EngineError('unknown', 'cannot delete a running process'));
  const {tasks} = fixture(t, fakeShim('c', {delete: refuse}));
  await tasks.create(ctx, 'c', creation);
  await t.throwsAsync(tasks.delete(ctx, 'c'), {message: 'cannot delete a running process'});
  t.is(tasks.size, 1);
});

test('when a shim dies the task is gone, announced, and waits end', async t => {
  const shim = fakeShim('c', {
    async wait() {
      await shim.disconnected;
      return closed();
    },
  });
  const {tasks, events, topics} = fixture(t, shim);
  await tasks.create(ctx, 'c', creation);
  const waiting = tasks.wait(ctx, 'c', '');
  const execWaiting = tasks.wait(ctx, 'c', 'e');
  shim.die();
  t.deepEqual(await waiting, killed);
  await t.throwsAsync(execWaiting, {message: 'ttrpc: closed'});
  t.deepEqual(topics(), ['/tasks/exit', '/tasks/delete']);
  t.like(events.events[0]?.event, {containerId: 'c', id: 'c', pid: 42, exitStatus: 137});
  t.is(tasks.size, 0);
});

test('a delete under way when the shim dies answers with its end', async t => {
  const shim = fakeShim('c', {
    async delete() {
      shim.die();
      return closed();
    },
  });
  const {tasks} = fixture(t, shim);
  await tasks.create(ctx, 'c', creation);
  t.deepEqual(await tasks.delete(ctx, 'c'), killed);
});

test('an exit that the shim told before it died is not told again', async t => {
  const shim = fakeShim('c');
  const {tasks, events, topics} = fixture(t, shim);
  await tasks.create(ctx, 'c', creation);
  const exit = {pid: 42, exitStatus: 3, exitedAt: now()};
  tasks.noteExit('n', 'c', exit);
  shim.die();
  await tasks.settled();
  t.deepEqual(topics(), ['/tasks/delete']);
  t.like(events.events[0]?.event, {exitStatus: 3});
});

test('a container can have a new task once the dead one is cleaned up', async t => {
  const cleaning = deferred<ProcessExit>();
  const shims = [fakeShim('c', {cleanUp: () => cleaning.promise}), fakeShim('c')];
  const {tasks} = fixture(t, undefined, {start: async () => shims.shift() as Shim});
  const [first] = shims;
  await tasks.create(ctx, 'c', creation);
  (first as ReturnType<typeof fakeShim>).die();
  await new Promise(resolve => setImmediate(resolve));
  const second = tasks.create(ctx, 'c', creation);
  cleaning.resolve(killed);
  t.is(await second, 42);
  t.is(tasks.size, 1);
});

test('shims of an earlier daemon are taken over, dead ones announced', async t => {
  const load: ShimManager['load'] = async (_ctx, onDead) => {
    onDead('n', 'dead', killed);
    return [fakeShim('c')];
  };
  const {tasks, topics} = fixture(t, undefined, {load});
  await tasks.load(ctx);
  t.is((await tasks.get(ctx, 'c', '')).status, 'running');
  t.deepEqual(topics(), ['/tasks/exit', '/tasks/delete']);
});

test('a shim that does not answer has an unknown status', async t => {
  const state = () => Promise.reject(new EngineError('deadline-exceeded', 'late'));
  const {tasks} = fixture(t, fakeShim('c', {state}));
  await tasks.create(ctx, 'c', creation);
  t.is((await tasks.get(ctx, 'c', '')).status, 'unknown');
  t.deepEqual(
    (await tasks.list(ctx)).map(({id, state: {status}}) => [id, status]),
    [['c', 'unknown']],
  );
});

test('letting go of shims is no death', async t => {
  const shim = fakeShim('c');
  const {tasks, topics} = fixture(t, shim);
  await tasks.create(ctx, 'c', creation);
  await tasks[Symbol.asyncDispose]();
  await tasks.settled();
  t.deepEqual(topics(), []);
  t.deepEqual(shim.ended, []);
});

test('metrics are filtered, and a failing shim is left out', async t => {
  const {tasks} = fixture(t);
  await tasks.create(ctx, 'c', creation);
  t.is((await tasks.metrics(ctx, ['id==c'])).length, 1);
  t.is((await tasks.metrics(ctx, ['runtime==io.containerd.runc.v2'])).length, 1);
  t.is((await tasks.metrics(ctx, ['id==x'])).length, 0);
  t.is((await tasks.metrics(testContext('other'), [])).length, 0);
});

test('exec ids are identifiers', async t => {
  const {tasks} = fixture(t);
  await tasks.create(ctx, 'c', creation);
  const spec = {typeUrl: 'p', value: new Uint8Array()};
  t.is(codeOf(await t.throwsAsync(tasks.exec(ctx, 'c', '../x', spec, creation))), 'invalid-argument');
});
