/** The library over real runtimes, driven as a shim drives it. */
import {existsSync, openSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {isErrno, waitPid} from '@longshore/linux';
import test, {type ExecutionContext} from 'ava';
import {RuncRuntime} from './runtime.ts';
import {missing, RuntimeSandbox} from './test-support/sandbox.ts';

for (const [name, binary] of [
  ['runc', '/usr/sbin/runc'],
  ['crun', '/usr/bin/crun'],
] as const) {
  const reason = missing(binary);
  const serial = reason ? test.serial.skip : test.serial;
  if (reason) console.error(`${name}: tests skipped: ${reason}`);

  serial(`${name}: a container's life`, async t => {
    const {sandbox, runtime, stdio} = await open(t, binary);
    const bundle = sandbox.bundle(['sh', '-c', 'echo started; exec sleep 1000']);
    const pidFile = join(sandbox.directory, 'pid');
    const {pid} = await runtime.create({id: 'c1', bundle, pidFile, fds: stdio});
    t.like(await runtime.state('c1'), {id: 'c1', pid, status: 'created', bundle});
    await t.throwsAsync(runtime.create({id: 'c1', bundle, pidFile, fds: stdio}), {code: 'already-exists'});
    await runtime.start('c1');
    t.is((await runtime.state('c1')).status, 'running');
    await t.throwsAsync(runtime.start('c1'), {message: 'cannot start an already running container'});
    t.deepEqual(await runtime.ps('c1'), [pid]);
    await runtime.pause('c1');
    t.is((await runtime.state('c1')).status, 'paused');
    await t.throwsAsync(runtime.pause('c1'), {message: 'container not running'});
    await runtime.resume('c1');
    await t.throwsAsync(runtime.resume('c1'), {message: 'container not paused'});
    t.deepEqual(
      (await runtime.list()).map(({id, status, owner}) => [id, status, owner]),
      [['c1', 'running', 'root']],
    );
    await t.throwsAsync(runtime.delete('c1'), {message: 'cannot delete container c1 that is not stopped: running'});
    await runtime.kill('c1', 9);
    await reaped(pid);
    t.like(await runtime.state('c1'), {pid: 0, status: 'stopped'});
    await t.throwsAsync(runtime.kill('c1', 9), {message: 'container not running', code: 'failed-precondition'});
    const {cgroupPaths} = runtime.load('c1');
    t.true(Object.values(cgroupPaths).some(path => existsSync(path)));
    await runtime.delete('c1');
    t.deepEqual(
      Object.values(cgroupPaths).filter(path => existsSync(path)),
      [],
    );
    await t.throwsAsync(runtime.state('c1'), {message: 'container does not exist', code: 'not-found'});
    // The runtime writes its own errors to the container's stderr as well.
    // The program may have been killed before it wrote its line.
    t.regex(readFileSync(join(sandbox.directory, 'stdio'), 'utf8'), /already exists\n(started\n)?$/);
  });

  serial(`${name}: exec, side by side, and its errors`, async t => {
    const {sandbox, runtime, stdio} = await open(t, binary);
    const {pid} = await started(sandbox, runtime, stdio);
    const exec = (n: number, args: string[]) => {
      const processFile = join(sandbox.directory, `process-${n}.json`);
      writeFileSync(processFile, JSON.stringify({user: {uid: 0, gid: 0}, args, env: ['PATH=/bin'], cwd: '/'}));
      return runtime.exec({id: 'c1', processFile, pidFile: join(sandbox.directory, `pid-${n}`), fds: stdio});
    };
    const {pid: first} = await exec(0, ['sh', '-c', 'exit 7']);
    t.is((await reaped(first)) >> 8, 7);
    const failures = await Promise.allSettled([1, 2, 3].map(n => exec(n, [`nosuch-${n}`])));
    for (const [i, failure] of failures.entries())
      t.true(
        failure.status === 'rejected' && failure.reason.message.includes(`nosuch-${i + 1}`),
        JSON.stringify(failure),
      );
    // What crun forked for them is ours now, and the end of the pid namespace waits until it is reaped.
    for (let i = 0; i < 400 && reapZombies(pid); i++) await new Promise(resolve => setTimeout(resolve, 5));
    await runtime.delete('c1', {force: true});
    await reaped(pid);
    await t.throwsAsync(exec(4, ['true']), {message: /does not exist|No such file/});
  });

  serial(`${name}: delete with force kills, waits, and forgives what is missing`, async t => {
    const {sandbox, runtime, stdio} = await open(t, binary);
    const {pid} = await started(sandbox, runtime, stdio);
    const reaping = reaped(pid);
    await runtime.delete('c1', {force: true});
    t.is((await reaping) & 0x7f, 9);
    await runtime.delete('c1', {force: true});
    await t.throwsAsync(runtime.delete('c1'), {code: 'not-found'});
  });

  serial(`${name}: an init that dies before it is started is an error, never a hang`, async t => {
    const {sandbox, runtime, stdio} = await open(t, binary);
    const options = {
      id: 'c1',
      bundle: sandbox.bundle(['sleep', '1000']),
      pidFile: join(sandbox.directory, 'pid'),
      fds: stdio,
    };
    const {pid} = await runtime.create(options);
    process.kill(pid, 'SIGKILL');
    await reaped(pid);
    await t.throwsAsync(runtime.start('c1'), {message: 'cannot start a container that has stopped'});
    await runtime.delete('c1');
  });

  serial(`${name}: of two starts at once one wins`, async t => {
    const {sandbox, runtime, stdio} = await open(t, binary);
    const options = {
      id: 'c1',
      bundle: sandbox.bundle(['sleep', '1000']),
      pidFile: join(sandbox.directory, 'pid'),
      fds: stdio,
    };
    const {pid} = await runtime.create(options);
    const results = await Promise.allSettled([runtime.start('c1'), runtime.start('c1')]);
    t.deepEqual(results.map(({status}) => status).sort(), ['fulfilled', 'rejected']);
    t.is((await runtime.state('c1')).status, 'running');
    await runtime.delete('c1', {force: true});
    await reaped(pid);
  });

  serial(`${name}: what shares the host's pid namespace is killed as a whole`, async t => {
    const {sandbox, runtime, stdio} = await open(t, binary);
    const bundle = sandbox.bundle(['sh', '-c', 'sleep 1000 & sleep 1000 & wait'], spec => {
      spec.linux!.namespaces = spec.linux!.namespaces!.filter(({type}) => type !== 'pid');
    });
    const {pid} = await runtime.create({id: 'c1', bundle, pidFile: join(sandbox.directory, 'pid'), fds: stdio});
    await runtime.start('c1');
    let pids: number[] = [];
    for (let i = 0; i < 200 && pids.length < 3; i++) {
      await new Promise(resolve => setTimeout(resolve, 5));
      pids = await runtime.ps('c1');
    }
    t.is(pids.length, 3);
    await runtime.kill('c1', 9);
    for (const each of pids) t.is((await reaped(each)) & 0x7f, 9);
    t.true(pids.includes(pid));
    await runtime.delete('c1');
  });

  serial(`${name}: hooks are run once, and poststop when the container is gone`, async t => {
    const {sandbox, runtime, stdio} = await open(t, binary);
    const log = join(sandbox.directory, 'hooks');
    const hook = (name: string) => [{path: '/bin/sh', args: ['sh', '-c', `echo ${name} >> ${log}`]}];
    const bundle = sandbox.bundle(['sleep', '1000'], spec => {
      spec.hooks = {createRuntime: hook('createRuntime'), poststart: hook('poststart'), poststop: hook('poststop')};
    });
    const {pid} = await runtime.create({id: 'c1', bundle, pidFile: join(sandbox.directory, 'pid'), fds: stdio});
    await runtime.start('c1');
    t.deepEqual(readFileSync(log, 'utf8').trim().split('\n'), ['createRuntime', 'poststart']);
    await runtime.delete('c1', {force: true});
    await reaped(pid);
    t.deepEqual(readFileSync(log, 'utf8').trim().split('\n'), ['createRuntime', 'poststart', 'poststop']);
  });
}

type Stdio = {stdin: number; stdout: number; stderr: number};

async function open(t: ExecutionContext, binary: string) {
  const sandbox = await RuntimeSandbox.open(t, {withoutUnified: binary.endsWith('crun')});
  const log = join(sandbox.directory, 'log.json');
  const runtime = new RuncRuntime({binary, root: sandbox.root, log, spawn: sandbox.spawn});
  const out = openSync(join(sandbox.directory, 'stdio'), 'a');
  const stdio: Stdio = {stdin: -1, stdout: out, stderr: out};
  return {sandbox, runtime, stdio};
}

async function started(sandbox: RuntimeSandbox, runtime: RuncRuntime, fds: Stdio): Promise<{pid: number}> {
  const bundle = sandbox.bundle(['sleep', '1000']);
  const {pid} = await runtime.create({id: 'c1', bundle, pidFile: join(sandbox.directory, 'pid'), fds});
  await runtime.start('c1');
  return {pid};
}

/** Children of ours that have ended and that nobody waits for. */
function reapZombies(butNot: number): boolean {
  let others = false;
  for (const task of readdirSync('/proc/self/task')) {
    const children = readFileSync(`/proc/self/task/${task}/children`, 'latin1').trim().split(' ');
    for (const pid of children.filter(Boolean).map(Number)) {
      if (pid === butNot) continue;
      others = true;
      waitPid(pid);
    }
  }
  return others;
}

/** The raw wait status of a container's process, which is our child since we are the subreaper. */
async function reaped(pid: number): Promise<number> {
  for (let i = 0; i < 1000; i++) {
    try {
      const child = waitPid(pid);
      if (child) return child.status;
    } catch (error) {
      if (!isErrno(error, 'ECHILD')) throw error; // the runtime that made it has not ended yet
    }
    await new Promise(resolve => setTimeout(resolve, 5));
  }
  throw new Error(`process ${pid} did not end`);
}
