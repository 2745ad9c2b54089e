/** SIGKILL of dockerd at any moment of its life: the next start is clean. 100 times with LONGSHORE_LONG=1. */
import {setTimeout as delay} from 'node:timers/promises';
import {type Engine, poll} from '@longshore/testing';
import test from 'ava';
import {openEngine} from '../harness/open.ts';

const rounds = process.env.LONGSHORE_LONG === '1' ? 100 : 10;
const moments = ['start', 'restore', 'reload', 'shutdown'] as const;

/** Milliseconds within which a daemon does what it is killed in. */
const spans = {start: 150, restore: 500, reload: 30, shutdown: 600};

/** Starts it without waiting until it serves. */
async function launch({dockerd}: Engine): Promise<void> {
  void dockerd.start().catch(() => {}); // it is killed before it serves
  await poll(() => dockerd.running, {what: 'the process', interval: 1});
}

async function killDuring(engine: Engine, moment: (typeof moments)[number]): Promise<string> {
  const wait = Math.random() * spans[moment];
  if (moment === 'start' || moment === 'restore') {
    if (engine.dockerd.running) await engine.dockerd.kill('SIGKILL');
    await launch(engine);
  } else {
    if (!engine.dockerd.running) await engine.dockerd.start();
    process.kill(engine.dockerd.pid, moment === 'reload' ? 'SIGHUP' : 'SIGTERM');
  }
  await delay(wait);
  if (engine.dockerd.running) await engine.dockerd.kill('SIGKILL').catch(() => {}); // it may just have ended
  return `${moment} after ${wait.toFixed(0)} ms`;
}

test(`killed ${rounds} times at random moments of start, restore, reload and shutdown`, async t => {
  t.timeout(900_000);
  const engine = await openEngine(t);
  await engine.dockerOk(
    'run',
    '-d',
    '--name',
    'stays',
    '--restart',
    'always',
    '--stop-timeout',
    '0',
    'busybox',
    'sleep',
    '100000',
  );
  await engine.dockerOk(
    'run',
    '-d',
    '--name',
    'ends',
    '--stop-timeout',
    '0',
    '-v',
    'kept:/v',
    'busybox',
    'sleep',
    '100000',
  );
  await engine.dockerOk('network', 'create', 'net');
  await engine.dockerOk(
    'run',
    '-d',
    '--name',
    'joined',
    '--net',
    'net',
    '--restart',
    'unless-stopped',
    '--stop-timeout',
    '0',
    'busybox',
    'sleep',
    '100000',
  );
  let slowest = 0;
  for (let round = 0; round < rounds; round++) {
    const what = await killDuring(engine, moments[round % moments.length] ?? 'start');
    const begin = performance.now();
    await engine.dockerd.start();
    slowest = Math.max(slowest, performance.now() - begin);
    const state = async () =>
      (await engine.dockerOk('ps', '--filter', 'status=running', '--format', '{{.Names}}')).split('\n').sort().join();
    const isWhole = async () => ['joined,stays', 'ends,joined,stays'].includes(await state());
    await poll(isWhole, {what: `the containers after ${what}`, timeout: 15_000});
    t.is(await engine.dockerOk('exec', 'joined', 'echo', 'alive'), 'alive', what);
    t.is(await engine.dockerOk('run', '--rm', '-v', 'kept:/v', '--net', 'net', 'busybox', 'echo', 'new'), 'new', what);
    if (!(await state()).includes('ends')) await engine.dockerOk('start', 'ends');
  }
  t.log(`${rounds} kills; slowest start ${(slowest / 1000).toFixed(2)} s`);
  await engine.dockerOk('rm', '-f', 'stays', 'ends', 'joined');
  await engine.dockerOk('volume', 'rm', 'kept');
  await engine.dockerOk('network', 'rm', 'net');
});
