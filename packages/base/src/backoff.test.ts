import test from 'ava';
import {backoff, randomId, retry, shortId, sleep} from './index.ts';

test('delays double up to the limit', t => {
  t.deepEqual(
    [0, 1, 2, 10].map(n => backoff(n, {initial: 100, max: 60_000})),
    [100, 200, 400, 60_000],
  );
});

test('retry stops at success, at a lasting error and at the last attempt', async t => {
  let calls = 0;
  const flaky = async () => {
    if (++calls < 3) throw new Error('again');
    return calls;
  };
  t.is(await retry(flaky, {attempts: 5, initial: 1, max: 1}), 3);
  calls = 0;
  await t.throwsAsync(retry(flaky, {attempts: 2, initial: 1, max: 1}), {message: 'again'});
  calls = 0;
  await t.throwsAsync(retry(flaky, {attempts: 5, initial: 1, max: 1, isTransient: () => false}));
  t.is(calls, 1);
});

test('an aborted sleep rejects with the reason', async t => {
  const abort = new AbortController();
  const waiting = sleep(60_000, abort.signal);
  abort.abort(new Error('stop'));
  await t.throwsAsync(waiting, {message: 'stop'});
});

test('ids are 64 hex digits and their short form is not all decimal', t => {
  for (let i = 0; i < 200; i++) {
    const id = randomId();
    t.regex(id, /^[0-9a-f]{64}$/);
    t.notRegex(shortId(id), /^\d+$/);
  }
});
