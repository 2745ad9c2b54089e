import test from 'ava';
import {AsyncQueue} from './index.ts';

test('items arrive in order, then the end', async t => {
  const queue = new AsyncQueue<number>();
  queue.push(1);
  setTimeout(() => {
    queue.push(2);
    queue.end();
  }, 1);
  t.deepEqual(await Array.fromAsync(queue), [1, 2]);
  t.false(queue.push(3));
});

test('a full queue refuses, an ended one passes its error on after the items', async t => {
  const queue = new AsyncQueue<number>(1);
  t.true(queue.push(1));
  t.false(queue.push(2));
  queue.end(new Error('gone'));
  const seen: number[] = [];
  await t.throwsAsync(
    async () => {
      for await (const item of queue) seen.push(item);
    },
    {message: 'gone'},
  );
  t.deepEqual(seen, [1]);
});
