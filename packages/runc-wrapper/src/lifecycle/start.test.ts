import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {ContainerRecord} from '../state/record.ts';
import {parseStat} from '../state/status.ts';
import {startContainer} from './start.ts';

/** A created container whose "init" is a shell that does with exec.fifo (argument 1) what `script` says. */
async function created(t: ExecutionContext, script: string, format: 'runc' | 'crun' = 'runc') {
  const directory = mkdtempSync(join(tmpdir(), 'start-'));
  t.teardown(() => rmSync(directory, {recursive: true}));
  execFileSync('mkfifo', [join(directory, 'exec.fifo')]);
  const init = spawn('sh', ['-c', `echo up; ${script}`, 'init', join(directory, 'exec.fifo')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => init.kill('SIGKILL'));
  const exited = once(init, 'exit');
  await once(init.stdout, 'data');
  const {startTime} = parseStat(readFileSync(`/proc/${init.pid}/stat`, 'latin1'));
  const record = {format, directory, cgroupPaths: {}, pid: init.pid!, startTime} as ContainerRecord;
  return {record, exited, fifo: join(directory, 'exec.fifo')};
}

const runcInit = 'printf 0 > "$1"; exec sleep 60';
/** As runc's, it holds the FIFO from the beginning. */
const holdFifo = 'exec 3<>"$1"';

test('the first process is let go and the FIFO is gone', async t => {
  const {record, fifo} = await created(t, runcInit);
  await startContainer(record);
  t.false(existsSync(fifo));
});

test('it may come to the FIFO later than the start', async t => {
  const {record, fifo} = await created(t, `${holdFifo}; sleep 0.2; printf 0 >&3; exec sleep 60 3>&-`);
  await startContainer(record);
  t.false(existsSync(fifo));
});

test('of two concurrent starts one wins', async t => {
  for (let round = 0; round < 5; round++) {
    const {record} = await created(t, runcInit);
    const results = await Promise.allSettled([startContainer(record), startContainer(record)]);
    t.deepEqual(results.map(result => result.status).sort(), ['fulfilled', 'rejected']);
    const lost = results.find(result => result.status === 'rejected');
    t.is(lost?.reason.message, 'cannot start an already running container');
  }
});

test('a second start, after the byte was read but before the FIFO was removed, does not wait for ever', async t => {
  const {record, fifo} = await created(t, runcInit);
  t.is(readFileSync(fifo, 'latin1'), '0'); // the winner, which was killed here
  await t.throwsAsync(startContainer(record), {message: 'cannot start an already running container'});
  t.false(existsSync(fifo));
});

test('an init that ends instead of writing is noticed', async t => {
  const {record, exited} = await created(t, `${holdFifo}; sleep 0.15; exit 1`);
  await t.throwsAsync(startContainer(record), {
    message: 'container process is already dead',
    code: 'failed-precondition',
  });
  await exited;
  await t.throwsAsync(startContainer(record), {message: 'cannot start a container that has stopped'});
});

test('a start that is called off stops waiting', async t => {
  const {record, fifo} = await created(t, 'exec sleep 60');
  const abort = new AbortController();
  setTimeout(() => abort.abort(new Error('enough')), 30);
  await t.throwsAsync(startContainer(record, abort.signal), {message: 'enough'});
  t.true(existsSync(fifo));
});

test("crun's init reads instead", async t => {
  const {record, fifo, exited} = await created(t, 'read -r x < "$1"; exit 7', 'crun');
  await startContainer(record);
  t.false(existsSync(fifo));
  t.deepEqual(await exited, [7, null]);
});

test('running and paused containers have their own texts', async t => {
  const {record, fifo} = await created(t, 'exec sleep 60');
  rmSync(fifo);
  await t.throwsAsync(startContainer(record), {message: 'cannot start an already running container'});
});
