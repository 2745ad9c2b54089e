import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {ContainerRecord} from '../state/record.ts';
import {parseStat} from '../state/status.ts';
import {startContainer} from './start.ts';

/**
 * A created container whose "init" is a program that does with exec.fifo (argument 1) what it is told to. As the
 * runtimes' own it holds the FIFO open before it says that it is there: else a start may take it for one that has gone on.
 */
async function created(t: ExecutionContext, command: string[], format: 'runc' | 'crun' = 'runc') {
  const directory = mkdtempSync(join(tmpdir(), 'start-'));
  t.teardown(() => rmSync(directory, {recursive: true}));
  const fifo = join(directory, 'exec.fifo');
  execFileSync('mkfifo', [fifo]);
  const [program = '', ...args] = command;
  const init = spawn(program, [...args, fifo], {stdio: ['pipe', 'pipe', 'inherit']});
  t.teardown(() => init.kill('SIGKILL'));
  const exited = once(init, 'exit');
  await once(init.stdout, 'data');
  const {startTime} = parseStat(readFileSync(`/proc/${init.pid}/stat`, 'latin1'));
  const record = {format, directory, cgroupPaths: {}, pid: init.pid!, startTime} as ContainerRecord;
  return {record, exited, fifo, init};
}

/** Holds the FIFO as a name only (O_PATH), opens it for writing when there is a reader, and writes one byte. */
const runcInit = [
  process.execPath,
  '-e',
  `const fs = require('node:fs');
   const held = fs.openSync(process.argv[1], 0x200000);
   fs.writeSync(1, 'up');
   const fifo = fs.openSync('/proc/self/fd/' + held, 'w');
   fs.writeSync(fifo, '0');
   fs.closeSync(fifo);
   fs.closeSync(held);
   setInterval(() => {}, 60_000);`,
];

/** A shell that has the FIFO as descriptor 3. */
const shell = (script: string) => ['sh', '-c', `exec 3<>"$1"; echo up; ${script}`, 'init'];

test('the first process is let go and the FIFO is gone', async t => {
  const {record, fifo} = await created(t, runcInit);
  await startContainer(record);
  t.false(existsSync(fifo));
});

test('it may come to the FIFO later than the start', async t => {
  const {record, fifo, init} = await created(t, shell('read -r go; printf 0 >&3; exec sleep 60 3>&-'));
  const starting = startContainer(record); // has opened the FIFO when it returns
  setTimeout(() => init.stdin.write('go\n'), 200);
  await starting;
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
  const {record, exited, init} = await created(t, shell('exec sleep 60'));
  const starting = startContainer(record);
  setTimeout(() => init.kill('SIGKILL'), 150);
  await t.throwsAsync(starting, {message: 'container process is already dead', code: 'failed-precondition'});
  await exited;
  await t.throwsAsync(startContainer(record), {message: 'cannot start a container that has stopped'});
});

test('a start that is called off stops waiting', async t => {
  const {record, fifo} = await created(t, shell('exec sleep 60'));
  const abort = new AbortController();
  setTimeout(() => abort.abort(new Error('enough')), 30);
  await t.throwsAsync(startContainer(record, abort.signal), {message: 'enough'});
  t.true(existsSync(fifo));
});

test("crun's init reads instead", async t => {
  // No end of 3 may be a writing one while it waits for the byte.
  const script = 'exec 4<"$1" 3>&-; until [ "$(head -c 1 <&4 | wc -c)" -eq 1 ]; do sleep 0.02; done; exit 7';
  const {record, fifo, exited} = await created(t, shell(script), 'crun');
  await startContainer(record);
  t.false(existsSync(fifo));
  t.deepEqual(await exited, [7, null]);
});

test('running and paused containers have their own texts', async t => {
  const {record, fifo} = await created(t, shell('exec sleep 60'));
  rmSync(fifo);
  await t.throwsAsync(startContainer(record), {message: 'cannot start an already running container'});
});
