import test from 'ava';
import {goDuration, humanDuration} from './duration.ts';

test('durations as Go prints them', t => {
  const texts = [0.5, 100, 1500, 30_000, 90_000, 3_600_000, 3_661_500].map(goDuration);
  t.deepEqual(texts, ['500µs', '100ms', '1.5s', '30s', '1m30s', '1h0m0s', '1h1m1.5s']);
});

test('how long ago, in the words of docker ps', t => {
  t.deepEqual([400, 1000, 59_000, 60_000].map(humanDuration), [
    ...['Less than a second', '1 second', '59 seconds', 'About a minute'],
  ]);
});
