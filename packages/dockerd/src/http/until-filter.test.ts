import test from 'ava';
import {nowNano} from '../core/events/event-bus.ts';
import {parseUntil} from './until-filter.ts';

test('points in time', t => {
  t.is(parseUntil('1700000000.5'), 1_700_000_000_500_000_000n);
  t.is(parseUntil('2026-01-02'), BigInt(Date.UTC(2026, 0, 2)) * 1_000_000n);
  t.is(parseUntil('2026-01-02T03'), BigInt(Date.UTC(2026, 0, 2, 3)) * 1_000_000n);
  t.is(parseUntil('2026-01-02T03:04:05'), BigInt(Date.UTC(2026, 0, 2, 3, 4, 5)) * 1_000_000n);
  t.is(parseUntil('2026-01-02T03:04:05+01:00'), BigInt(Date.UTC(2026, 0, 2, 2, 4, 5)) * 1_000_000n);
});

test('durations count back from now', t => {
  const ago = Number((nowNano() - parseUntil('1h30m0.5s')) / 1_000_000n);
  t.true(Math.abs(ago - 5_400_500) < 1000);
});

test('anything else is refused', t => {
  for (const text of ['', 'yesterday', '1x', '2026-13-45T99']) t.throws(() => parseUntil(text));
});
