import test from 'ava';
import {parseBytes, parseInteger} from './quantities.ts';

test('sizes are in powers of 1024', t => {
  const sizes = {'0': 0, '1024': 1024, '64k': 65_536, '1.5g': 1_610_612_736, '2 MiB': 2_097_152, '3KB': 3072, '7b': 7};
  for (const [text, size] of Object.entries(sizes)) t.is(parseBytes(text), size, text);
  for (const text of ['', 'x', '10x', '-5', '1e3', '5 5', '1..2'])
    t.throws(() => parseBytes(text), {message: `invalid size: '${text}'`});
});

test('integers have 64 bits, and the errors of strconv', t => {
  const [signed, unsigned] = [parseInteger('ParseInt'), parseInteger('ParseUint')];
  t.is(signed('-1'), -1);
  t.is(unsigned('262144'), 262_144);
  t.throws(() => unsigned('-1'), {message: 'strconv.ParseUint: parsing "-1": invalid syntax'});
  t.throws(() => signed('many'), {message: 'strconv.ParseInt: parsing "many": invalid syntax'});
  const large = '99999999999999999999';
  t.throws(() => signed(large), {message: `strconv.ParseInt: parsing "${large}": value out of range`});
});
