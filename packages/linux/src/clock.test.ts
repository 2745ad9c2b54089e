import {readFileSync} from 'node:fs';
import test from 'ava';
import {monotonicMicroseconds, realTime} from './clock.ts';

test('counts with the clock of the kernel', t => {
  const before = monotonicMicroseconds();
  const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1e6;
  const after = monotonicMicroseconds();
  t.true(after >= before);
  // Uptime also counts the time that the machine slept.
  t.true(Number(before) <= uptime + 20_000);
  t.true(before > 0n);
});

test('the time of day in nanoseconds', t => {
  const [before, time, after] = [Date.now(), realTime(), Date.now()];
  t.true(time >= BigInt(before) * 1_000_000n && time <= BigInt(after + 1) * 1_000_000n);
});
