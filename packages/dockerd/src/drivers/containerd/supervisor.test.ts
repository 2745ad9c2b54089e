/** The supervisor with processes that are no containerd: they listen, hang, die, or never come up. */

import {EventEmitter} from 'node:events';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import net from 'node:net';
import {join} from 'node:path';
import {createLogger, type Logger} from '@longshore/base';
import {kill, processExists} from '@longshore/linux';
import test, {type ExecutionContext} from 'ava';
import {ContainerdSupervisor} from './supervisor.ts';

/** Listens at the address in its configuration file, and tells its environment. */
const listening = `#!${process.execPath}
import net from 'node:net';
import {readFileSync, rmSync, writeFileSync} from 'node:fs';
const {address, environment} = JSON.parse(readFileSync(process.argv[3], 'utf8'));
writeFileSync(environment, JSON.stringify(process.env));
rmSync(address, {force: true});
net.createServer(socket => socket.on('error', () => {}).end('ok')).listen(address);
`;

const timing = {startMs: 5_000, busyMs: 20, idleMs: 20, restartDelay: {initial: 1, max: 5}};

function setUp(t: ExecutionContext, script = listening, lookMs = 20, signals = new EventEmitter()) {
  const directory = mkdtempSync('/tmp/ls-supervisor-');
  const path = (name: string) => join(directory, name);
  writeFileSync(path('containerd.mjs'), script, {mode: 0o755});
  writeFileSync(path('config'), JSON.stringify({address: path('socket'), environment: path('environment')}));
  const lines: string[] = [];
  const open = (log: Logger = createLogger({write: line => lines.push(line)})) =>
    new ContainerdSupervisor({
      executable: path('containerd.mjs'),
      configFile: path('config'),
      pidFile: path('pid'),
      address: path('socket'),
      env: {PATH: process.env.PATH ?? ''},
      debug: false,
      log,
      timing: {...timing, lookMs, restMs: Math.max(30_000, lookMs)},
      signals,
    });
  const supervisor = open();
  t.teardown(async () => {
    await supervisor.stop();
    rmSync(directory, {recursive: true});
  });
  /** The health check of the test: an answer within 100 ms. */
  const isHealthy = async () => {
    const socket = net.connect({path: path('socket')});
    const {promise, resolve} = Promise.withResolvers<boolean>();
    socket.on('data', () => resolve(true)).on('error', () => resolve(false));
    const timer = setTimeout(() => resolve(false), 100);
    const healthy = await promise;
    clearTimeout(timer);
    socket.destroy();
    return healthy;
  };
  return {supervisor, open, isHealthy, path, lines};
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 5));
}

const supervision = {isBusy: () => true};

test('it is started with its environment and pid file, and stopped', async t => {
  const {supervisor, isHealthy, path} = setUp(t);
  await supervisor.start();
  await supervisor.untilListening();
  await supervisor.watch(isHealthy, supervision);
  t.is(readFileSync(path('pid'), 'utf8'), String(supervisor.pid));
  t.false('NOTIFY_SOCKET' in JSON.parse(readFileSync(path('environment'), 'utf8')));
  const {pid} = supervisor;
  await supervisor.stop();
  t.false(processExists(pid));
  t.throws(() => readFileSync(path('pid')), {code: 'ENOENT'});
});

test('one that dies and one that hangs are replaced', async t => {
  const {supervisor, isHealthy, lines} = setUp(t);
  await supervisor.start();
  await supervisor.untilListening();
  await supervisor.watch(isHealthy, supervision);
  const first = supervisor.pid;
  kill(first, 'KILL');
  await until(() => supervisor.pid !== first);
  t.regex(lines.join(''), /containerd died: restarting it/);
  const second = supervisor.pid;
  await until(() => lines.filter(line => line.includes('started containerd')).length === 2);
  while (!(await isHealthy())) await new Promise(resolve => setTimeout(resolve, 5));
  kill(second, 'STOP');
  await until(() => supervisor.pid !== second);
  t.regex(lines.join(''), /containerd hangs: restarting it/);
  await until(() => !processExists(second));
  t.false(processExists(second));
});

test('while nobody asks for anything it is left alone; the next request has it looked at', async t => {
  // It is never looked at: a busy machine would show one that is at work, which is a reason to ask it.
  const {supervisor, isHealthy} = setUp(t, listening, 60_000);
  let checks = 0;
  const request = Promise.withResolvers<void>();
  const counted = () => {
    checks++;
    return isHealthy();
  };
  await supervisor.start();
  await supervisor.untilListening();
  const never = new Promise<void>(() => {});
  const requests = [request.promise];
  const nextRequest = () => requests.shift() ?? never;
  await supervisor.watch(counted, {isBusy: () => false, quietMs: () => 60_000, nextRequest});
  const before = checks;
  await new Promise(resolve => setTimeout(resolve, 300));
  t.is(checks, before);
  request.resolve();
  await until(() => checks > before);
  t.pass();
});

test('one that is stopped is noticed while nobody asks for anything', async t => {
  const {supervisor, isHealthy, lines} = setUp(t);
  await supervisor.start();
  await supervisor.untilListening();
  const nextRequest = () => new Promise<void>(() => {});
  await supervisor.watch(isHealthy, {isBusy: () => false, quietMs: () => 60_000, nextRequest});
  const first = supervisor.pid;
  kill(first, 'STOP');
  await until(() => supervisor.pid !== first);
  t.regex(lines.join(''), /containerd hangs: restarting it/);
});

test('one that is stopped is noticed at once while nobody asks for anything', async t => {
  const signals = new EventEmitter();
  const {supervisor, isHealthy, lines} = setUp(t, listening, 600_000, signals);
  await supervisor.start();
  await supervisor.untilListening();
  const nextRequest = () => new Promise<void>(() => {});
  await supervisor.watch(isHealthy, {isBusy: () => false, quietMs: () => 60_000, nextRequest});
  const first = supervisor.pid;
  kill(first, 'STOP');
  await until(() => signals.emit('SIGCHLD') && supervisor.pid !== first);
  t.regex(lines.join(''), /containerd hangs: restarting it/);
});

test('one that an earlier daemon left is taken over', async t => {
  const {supervisor, open, isHealthy} = setUp(t);
  const earlier = open();
  await earlier.start();
  await earlier.untilListening();
  await supervisor.start();
  await supervisor.untilListening();
  await supervisor.watch(isHealthy, supervision);
  t.is(supervisor.pid, earlier.pid);
});

test('one that never comes up is tried three times, then the reason is told', async t => {
  const {supervisor, lines} = setUp(t, '#!/bin/sh\nexit 1\n');
  await supervisor.start();
  const error = await t.throwsAsync(supervisor.untilListening());
  t.regex(error.message, /^failed to start containerd \(.*containerd.mjs\): it ended 3 times before it answered$/);
  t.is(lines.filter(line => line.includes('started containerd')).length, 3);
});

test('when it can never be restarted the daemon is told', async t => {
  const {supervisor, isHealthy, path} = setUp(t);
  await supervisor.start();
  await supervisor.untilListening();
  await supervisor.watch(isHealthy, supervision);
  rmSync(path('containerd.mjs'));
  writeFileSync(path('containerd.mjs'), '#!/bin/sh\nexit 1\n', {mode: 0o755});
  kill(supervisor.pid, 'KILL');
  const error = await t.throwsAsync(supervisor.lost);
  t.regex(error.message, /does not run: gave up after 10 restarts$/);
});
