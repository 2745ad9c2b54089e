import test from 'ava';
import {KeyedMutex, Mutex, sleep} from './index.ts';

test('one holder at a time, in order of arrival', async t => {
  const mutex = new Mutex();
  const events: string[] = [];
  const work = (name: string) =>
    mutex.run(async () => {
      events.push(`${name}+`);
      await sleep(1);
      events.push(`${name}-`);
    });
  await Promise.all([work('a'), work('b'), work('c')]);
  t.deepEqual(events, ['a+', 'a-', 'b+', 'b-', 'c+', 'c-']);
  t.false(mutex.isLocked);
});

test('an aborted waiter gives up its place and never blocks the next', async t => {
  const mutex = new Mutex();
  const first = await mutex.acquire();
  const abort = new AbortController();
  const second = mutex.acquire(abort.signal);
  const third = mutex.acquire();
  abort.abort(new Error('enough'));
  await t.throwsAsync(second, {message: 'enough'});
  first[Symbol.dispose]();
  (await third)[Symbol.dispose]();
  t.false(mutex.isLocked);
});

test('keys do not wait for each other', async t => {
  const locks = new KeyedMutex();
  using _a = await locks.acquire('a');
  t.is(await locks.run('b', () => 'ran'), 'ran');
  const blocked = locks.run('a', () => 'late');
  t.is(await Promise.race([blocked, sleep(5).then(() => 'waiting')]), 'waiting');
  _a[Symbol.dispose]();
  t.is(await blocked, 'late');
});
