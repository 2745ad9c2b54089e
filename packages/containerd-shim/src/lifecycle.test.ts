/** One container through its life, with the shim's own process, the real runc and a fake containerd. Needs root. */
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {Status} from '@longshore/api/gen/containerd/types/task/task';
import {codeOf} from '@longshore/errdefs';
import anyTest from 'ava';
import {isRoot, startRig} from './shim-rig.test-helper.ts';

const test = isRoot ? anyTest.serial : anyTest.skip;

test('create, start, exit code, wait, delete, shutdown: events in order, nothing left', async t => {
  const rig = await startRig(t);
  const id = 'first';
  const pid = await rig.create(id, {args: ['sh', '-c', 'exit 7']});
  t.true(pid > 0);
  t.is(readFileSync(join(rig.bundle(id), 'init.pid'), 'utf8'), String(pid));
  t.is(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim(), 'runc init');
  t.like(await rig.task.state(rig.ctx, {id}), {id, pid, status: Status.CREATED, bundle: rig.bundle(id)});
  const waited = rig.task.wait(rig.ctx, {id});
  t.is((await rig.task.start(rig.ctx, {id})).pid, pid);
  const exit = await waited;
  t.is(exit.exitStatus, 7);
  t.true(Math.abs(Number(exit.exitedAt?.seconds) - Date.now() / 1000) < 30);
  t.like(await rig.task.state(rig.ctx, {id}), {status: Status.STOPPED, exitStatus: 7});
  t.like(await rig.task.delete(rig.ctx, {id}), {pid, exitStatus: 7, exitedAt: exit.exitedAt});
  t.deepEqual(rig.containerIds(), []);
  await rig.until(topics => topics.includes('/tasks/delete'));
  t.deepEqual(rig.topics(), ['/tasks/create', '/tasks/start', '/tasks/exit first', '/tasks/delete']);
  await rig.task.shutdown(rig.ctx, {id});
  await rig.reaped();
  t.false(existsSync(rig.socket));
});

test('exec: own exit code, told before that of init', async t => {
  const rig = await startRig(t);
  const id = 'first';
  await rig.create(id, {args: ['sleep', '1000']});
  await rig.task.start(rig.ctx, {id});
  await rig.exec(id, 'e1', ['sh', '-c', 'exit 42']);
  t.is(codeOf(await t.throwsAsync(rig.exec(id, 'e1', ['true']))), 'already-exists');
  const {pid} = await rig.task.start(rig.ctx, {id, execId: 'e1'});
  t.like(await rig.task.wait(rig.ctx, {id, execId: 'e1'}), {exitStatus: 42});
  t.like(await rig.task.delete(rig.ctx, {id, execId: 'e1'}), {pid, exitStatus: 42});

  await rig.exec(id, 'e2', ['sleep', '1000']);
  await rig.task.start(rig.ctx, {id, execId: 'e2'});
  const {processes} = await rig.task.pids(rig.ctx, {id});
  t.is(processes.length, 2);
  await rig.task.kill(rig.ctx, {id, signal: 9});
  t.like(await rig.task.wait(rig.ctx, {id}), {exitStatus: 137});
  const topics = await rig.until(all => all.includes('/tasks/exit first'));
  t.true(topics.indexOf('/tasks/exit e2') < topics.indexOf('/tasks/exit first'));
  t.is(
    codeOf(await t.throwsAsync(rig.exec(id, 'e3', ['true']), {message: 'cannot exec in a stopped state'})),
    'unknown',
  );
});

test('thirty execs at once: each its own output and exit code', async t => {
  const rig = await startRig(t);
  const id = 'first';
  await rig.create(id, {args: ['sleep', '1000']});
  await rig.task.start(rig.ctx, {id});
  const runs = Array.from({length: 30}, async (_, i) => {
    const execId = `e${i}`;
    const stdio = rig.stdio(execId);
    const {stdout, stderr} = stdio;
    const output = Promise.all([stdio.text('stdout'), stdio.text('stderr')]);
    await rig.exec(id, execId, ['sh', '-c', `echo out ${i}; echo err ${i} >&2; exit ${i}`], {stdout, stderr});
    await rig.task.start(rig.ctx, {id, execId});
    const {exitStatus} = await rig.task.wait(rig.ctx, {id, execId});
    const texts = await output;
    await rig.task.delete(rig.ctx, {id, execId});
    return [exitStatus, ...texts];
  });
  const expected = runs.map((_, i) => [i, `out ${i}\n`, `err ${i}\n`]);
  t.deepEqual(await Promise.all(runs), expected);
  await rig.until(topics => topics.filter(topic => topic.startsWith('/tasks/exit')).length === 30);
});

test("refusals have the texts of containerd's shim", async t => {
  const rig = await startRig(t);
  const id = 'first';
  const missing = await t.throwsAsync(rig.task.state(rig.ctx, {id}), {message: 'container not created: not found'});
  t.is(codeOf(missing), 'not-found');
  await rig.create(id, {args: ['sleep', '1000']});
  await t.throwsAsync(rig.task.pause(rig.ctx, {id}), {message: 'cannot pause task in created state'});
  await rig.task.start(rig.ctx, {id});
  await t.throwsAsync(rig.task.start(rig.ctx, {id}), {message: 'cannot start a running process'});
  await t.throwsAsync(rig.task.delete(rig.ctx, {id}), {message: 'cannot delete a running process'});
  const noExec = await t.throwsAsync(rig.task.start(rig.ctx, {id, execId: 'x'}), {
    message: 'process does not exist x: not found',
  });
  t.is(codeOf(noExec), 'not-found');
  await rig.task.pause(rig.ctx, {id});
  t.like(await rig.task.state(rig.ctx, {id}), {status: Status.PAUSED});
  await rig.task.resume(rig.ctx, {id});
  await rig.task.kill(rig.ctx, {id, signal: 9});
  await rig.task.wait(rig.ctx, {id});
  const killed = await t.throwsAsync(rig.task.kill(rig.ctx, {id, signal: 9}), {
    message: 'process already finished: not found',
  });
  t.is(codeOf(killed), 'not-found');
  await rig.task.shutdown(rig.ctx, {id}); // does nothing while a container is there
  t.like(await rig.task.connect(rig.ctx, {id}), {shimPid: rig.pid});
});

test('a runtime that refuses leaves nothing, and its words arrive', async t => {
  const rig = await startRig(t);
  const error = await t.throwsAsync(rig.create('first', {args: ['/no/such/program']}));
  t.is(codeOf(error), 'unknown');
  t.regex(error?.message ?? '', /^OCI runtime create failed: runc create failed: .*no such file or directory/);
  t.deepEqual(rig.containerIds(), []);
  await rig.task.shutdown(rig.ctx, {id: 'first'});
  await rig.reaped();
  t.deepEqual(rig.topics(), []);
});

test('an exit before Start is answered is told after the start', async t => {
  const rig = await startRig(t);
  for (let i = 0; i < 5; i++) {
    const id = `c${i}`;
    await rig.create(id, {args: ['true']});
    await rig.task.start(rig.ctx, {id});
    await rig.task.wait(rig.ctx, {id});
    await rig.task.delete(rig.ctx, {id});
  }
  const topics = await rig.until(all => all.filter(topic => topic === '/tasks/delete').length === 5);
  for (let i = 0; i < 5; i++) {
    t.deepEqual(topics.slice(4 * i, 4 * i + 4), [
      '/tasks/create',
      '/tasks/start',
      `/tasks/exit c${i}`,
      '/tasks/delete',
    ]);
  }
});

test('without a pid namespace, what init leaves running is killed', async t => {
  const rig = await startRig(t);
  const id = 'first';
  const pid = await rig.create(id, {args: ['sh', '-c', 'sleep 1000 & exit 3'], share: ['pid']});
  await rig.task.start(rig.ctx, {id});
  t.like(await rig.task.wait(rig.ctx, {id}), {exitStatus: 3});
  await rig.task.delete(rig.ctx, {id});
  t.false(existsSync(`/proc/${pid}`));
  t.deepEqual(rig.containerIds(), []);
});

test('a created container can be deleted; its exit is told', async t => {
  const rig = await startRig(t);
  await rig.create('first', {args: ['sleep', '1000']});
  t.like(await rig.task.delete(rig.ctx, {id: 'first'}), {exitStatus: 137});
  const topics = await rig.until(all => all.includes('/tasks/delete'));
  t.deepEqual(topics, ['/tasks/create', '/tasks/exit first', '/tasks/delete']);
});

test('stats, update and the out-of-memory event', async t => {
  const rig = await startRig(t);
  const id = 'first';
  await rig.create(id, {args: ['sh', '-c', 'sleep 1; x=a; while true; do x=$x$x; done'], memoryLimit: 64 << 20});
  await rig.task.start(rig.ctx, {id});
  const {stats} = await rig.task.stats(rig.ctx, {id});
  t.regex(stats?.typeUrl ?? '', /^io\.containerd\.cgroups\.v[12]\.Metrics$/);
  const value = Buffer.from(JSON.stringify({memory: {limit: 32 << 20}}));
  await rig.task.update(rig.ctx, {id, resources: {typeUrl: 'LinuxResources', value}});
  await rig.task.wait(rig.ctx, {id});
  await rig.until(topics => topics.includes('/tasks/oom'));
  t.pass();
});

test('events wait for containerd and arrive in order when it is back', async t => {
  const rig = await startRig(t);
  const id = 'first';
  await rig.create(id, {args: ['sleep', '0.3']});
  await rig.task.start(rig.ctx, {id});
  await rig.until(topics => topics.includes('/tasks/start'));
  rig.stopEvents();
  await rig.task.wait(rig.ctx, {id});
  await rig.task.delete(rig.ctx, {id});
  await rig.serveEvents();
  await rig.task.connect(rig.ctx, {id});
  await rig.until(topics => topics.includes('/tasks/delete'), 3000);
  t.deepEqual(rig.topics(), ['/tasks/create', '/tasks/start', '/tasks/exit first', '/tasks/delete']);
});

test('the shim keeps no descriptor of a container that is gone', async t => {
  const rig = await startRig(t);
  const counts: number[] = [];
  for (let i = 0; i < 4; i++) {
    const id = `c${i}`;
    const stdio = rig.stdio(id);
    const output = stdio.text();
    await rig.create(id, {args: ['echo', 'hi']}, {stdin: stdio.stdin, stdout: stdio.stdout, stderr: stdio.stderr});
    await rig.task.start(rig.ctx, {id});
    t.is(await output, 'hi\n');
    await rig.task.wait(rig.ctx, {id});
    await rig.task.delete(rig.ctx, {id});
    await rig.until(all => all.filter(topic => topic === '/tasks/delete').length === i + 1);
    counts.push(readdirSync(`/proc/${rig.pid}/fd`).length);
  }
  // The first container brings what stays: the connection for events, descriptors of the runtime's own. The eventfd of
  // one ended memory watch may still be on its way out.
  t.true((counts[3] ?? 0) - (counts[0] ?? 0) <= 1, `descriptors after each container: ${counts}`);
});
