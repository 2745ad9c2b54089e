import test from 'ava';
import {
  binarySize,
  formatDuration,
  formatFloat,
  formatGeneral,
  humanDuration,
  humanSize,
  parseBinarySize,
  parseDuration,
} from './index.ts';

test('sizes print as in the captures', t => {
  t.is(humanSize(1984172, 3), '1.98MB');
  t.is(humanSize(1984172), '1.984MB');
  t.is(humanSize(0), '0B');
  t.is(humanSize(4096, 3), '4.1kB');
  t.is(humanSize(2_045_000), '2.045MB');
  t.is(humanSize(999_960, 3), '1e+03kB');
  t.is(binarySize(25276502016), '23.54GiB');
  t.is(binarySize(241664), '236KiB');
});

test('sizes are read as powers of 1024', t => {
  t.is(parseBinarySize('64m'), 67108864);
  t.is(parseBinarySize('1.5 GiB'), 1610612736);
  t.is(parseBinarySize('32kb'), 32768);
  t.is(parseBinarySize('7'), 7);
  t.is(parseBinarySize('0b'), 0);
  for (const [bad, message] of Object.entries({
    bad: "invalid size: 'bad'",
    '': "invalid size: ''",
    '-1': "invalid size: '-1'",
    '1x': "invalid suffix: 'x'",
    '1ib': "invalid suffix: 'ib'",
    '1 0': 'strconv.ParseFloat: parsing "1 0": invalid syntax',
  })) {
    t.is(t.throws(() => parseBinarySize(bad)).message, message);
  }
});

test('ages', t => {
  const seconds = (n: number) => humanDuration(n * 1000);
  t.is(seconds(0.4), 'Less than a second');
  t.is(seconds(1), '1 second');
  t.is(seconds(59), '59 seconds');
  t.is(seconds(60), 'About a minute');
  t.is(seconds(31 * 60), '31 minutes');
  t.is(seconds(3600), 'About an hour');
  t.is(seconds(3600 * 1.6), '2 hours');
  t.is(seconds(3600 * 47), '47 hours');
  t.is(seconds(3600 * 24 * 13), '13 days');
  t.is(seconds(3600 * 24 * 20), '2 weeks');
  t.is(seconds(3600 * 24 * 100), '3 months');
  t.is(seconds(3600 * 24 * 365 * 3), '3 years');
});

test('durations read and print as Go does', t => {
  for (const text of ['1h0m0s', '1m30s', '1.5s', '300ms', '15µs', '0s', '-2m0s', '24h0m0s']) {
    t.is(formatDuration(parseDuration(text)), text);
  }
  t.is(parseDuration('1h30m'), 5400e9);
  t.is(t.throws(() => parseDuration('10')).message, 'time: missing unit in duration "10"');
  t.is(t.throws(() => parseDuration('abc')).message, 'time: invalid duration "abc"');
  t.is(t.throws(() => parseDuration('1y')).message, 'time: unknown unit "y" in duration "1y"');
});

test('%g and %v of floats', t => {
  t.is(formatGeneral(1234.6, 4), '1235');
  t.is(formatGeneral(0.000012, 3), '1.2e-05');
  t.is(formatFloat(0.5), '0.5');
  t.is(formatFloat(1e21), '1e+21');
});
