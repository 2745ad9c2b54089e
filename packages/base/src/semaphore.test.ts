import test from 'ava';
import {Semaphore} from './semaphore.ts';

test('never more holders than places, in order', async t => {
  const semaphore = new Semaphore(2);
  const order: number[] = [];
  let holders = 0;
  await Promise.all(
    [1, 2, 3, 4, 5].map(async n => {
      using _slot = await semaphore.acquire();
      t.true(++holders <= 2);
      order.push(n);
      await new Promise(resolve => setImmediate(resolve));
      holders--;
    }),
  );
  t.deepEqual(order, [1, 2, 3, 4, 5]);
});

test('an aborted wait leaves the place to the next', async t => {
  const semaphore = new Semaphore(1);
  const first = await semaphore.acquire();
  const abort = new AbortController();
  const second = semaphore.acquire(abort.signal);
  const third = semaphore.acquire();
  abort.abort(new Error('enough'));
  await t.throwsAsync(second, {message: 'enough'});
  first[Symbol.dispose]();
  first[Symbol.dispose](); // counts once
  using _third = await third;
  const late = new AbortController();
  const fourth = semaphore.acquire(late.signal);
  late.abort(new Error('late'));
  await t.throwsAsync(fourth, {message: 'late'});
});
