import {setTimeout as delay} from 'node:timers/promises';
import {Worker} from 'node:worker_threads';
import {codeOf} from '@longshore/errdefs';
import test from 'ava';
import {Slots} from './slots.ts';
import {WorkerPool, type WorkerPoolOptions} from './worker-pool.ts';

const never = new AbortController().signal;

/** A thread that does what the job's name says. */
const code = `
  const {parentPort} = require('node:worker_threads');
  parentPort.on('message', async job => {
    if (job.do === 'echo') parentPort.postMessage({result: job.value});
    if (job.do === 'fail') parentPort.postMessage({error: {code: 'conflict', message: 'no'}});
    if (job.do === 'die') process.exit(1);
    if (job.do === 'throw') throw new Error('bang');
    if (job.do === 'wait') {
      parentPort.postMessage({note: 'started'});
      while (Atomics.load(job.cancel, 0) === 0) await new Promise(resolve => setTimeout(resolve, 5));
      parentPort.postMessage({error: {code: 'canceled', message: 'was told to'}});
    }
    if (job.do === 'hang') parentPort.postMessage({note: 'started'});
  });`;

function pool(options: Partial<WorkerPoolOptions> = {}): WorkerPool {
  return new WorkerPool({start: () => new Worker(code, {eval: true}), size: 2, ...options});
}

test('threads are used again, no more than allowed, and end when idle', async t => {
  await using workers = pool({idleMs: 100});
  const values = Array.from({length: 10}, (_, i) => i);
  const results = await Promise.all(values.map(value => workers.run<number>({do: 'echo', value}, {signal: never})));
  t.deepEqual(results, values);
  t.true(workers.threads <= 2);
  for (let i = 0; i < 200 && workers.threads > 0; i++) await delay(10);
  t.is(workers.threads, 0);
  t.is(await workers.run({do: 'echo', value: 1}, {signal: never}), 1);
});

test('errors keep their code; a thread that dies fails its job only', async t => {
  await using workers = pool({size: 1});
  t.is(codeOf(await t.throwsAsync(workers.run({do: 'fail'}, {signal: never}), {message: 'no'})), 'conflict');
  t.is(codeOf(await t.throwsAsync(workers.run({do: 'die'}, {signal: never}))), 'internal');
  await t.throwsAsync(workers.run({do: 'throw'}, {signal: never}), {message: /bang/});
  t.is(await workers.run({do: 'echo', value: 7}, {signal: never}), 7);
});

test('an aborted job is told, and ended when it does not listen', async t => {
  await using workers = pool({size: 1});
  for (const job of ['wait', 'hang']) {
    const abort = new AbortController();
    const cancel = new Int32Array(new SharedArrayBuffer(4));
    const options = {signal: abort.signal, ...(job === 'wait' ? {cancel} : {}), onNote: () => abort.abort()};
    const error = await t.throwsAsync(workers.run({do: job, cancel}, options));
    t.is(codeOf(error), 'canceled');
    t.is(workers.threads, job === 'wait' ? 1 : 0, job);
  }
  t.is(await workers.run({do: 'echo', value: 7}, {signal: never}), 7);
});

test('a closed pool refuses work', async t => {
  const workers = pool();
  await workers[Symbol.asyncDispose]();
  t.is(codeOf(await t.throwsAsync(workers.run({do: 'echo'}, {signal: never}))), 'unavailable');
});

test('slots go to those who wait, in order, and not to those who left', async t => {
  const slots = new Slots(1);
  const first = await slots.acquire(never);
  const abort = new AbortController();
  const order: string[] = [];
  const leaves = slots.acquire(abort.signal);
  const wait = async (name: string) => {
    const slot = await slots.acquire(never);
    order.push(name);
    return slot;
  };
  const [second, third] = [wait('second'), wait('third')];
  abort.abort();
  t.is(codeOf(await t.throwsAsync(leaves)), 'canceled');
  first[Symbol.dispose]();
  first[Symbol.dispose](); // twice counts once
  (await second)[Symbol.dispose]();
  (await third)[Symbol.dispose]();
  t.deepEqual(order, ['second', 'third']);
});
