import test from 'ava';
import {compareTime, formatTime, fromMilliseconds, parseTime, toMilliseconds} from './time.ts';

test('times keep nanoseconds through text and drop trailing zeros', t => {
  const time = {seconds: 1795228674n, nanos: 977378260};
  t.is(formatTime(time), '2026-11-21T02:37:54.97737826Z');
  t.deepEqual(parseTime(formatTime(time)), time);
  t.is(formatTime({seconds: 0n, nanos: 0}), '1970-01-01T00:00:00Z');
});

test('offsets are honoured and rubbish is refused', t => {
  t.deepEqual(parseTime('2026-11-21T04:37:54+02:00'), parseTime('2026-11-21T02:37:54Z'));
  t.is(parseTime('tomorrow'), undefined);
  t.is(parseTime('2026-13-41T00:00:00Z'), undefined);
});

test('milliseconds and order', t => {
  t.is(toMilliseconds(fromMilliseconds(1234567)), 1234567);
  t.deepEqual(fromMilliseconds(-1), {seconds: -1n, nanos: 999000000});
  t.true(compareTime({seconds: 1n, nanos: 5}, {seconds: 1n, nanos: 6}) < 0);
  t.true(compareTime({seconds: 2n, nanos: 0}, {seconds: 1n, nanos: 6}) > 0);
});
