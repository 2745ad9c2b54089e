import test from 'ava';
import {parseTimestamp} from './timestamp.ts';

const now = Date.parse('2024-05-06T07:08:09.500Z');

const times: [string, string | undefined][] = [
  ['', undefined],
  ['0', '0'],
  ['1714979289.000000001', '1714979289.000000001'],
  ['10s', '1714979279'],
  ['1h30m', '1714973889'],
  ['2024-05-06T07:08:09.25Z', '1714979289.250000000'],
];
for (const [text, expected] of times) {
  test(`time ${JSON.stringify(text)}`, t => {
    t.is(parseTimestamp('since', text, now), expected);
  });
}

test('what is no time is refused', t => {
  t.throws(() => parseTimestamp('until', 'soon', now), {
    message: 'invalid value for "until": failed to parse value as time or duration: "soon"',
  });
});
