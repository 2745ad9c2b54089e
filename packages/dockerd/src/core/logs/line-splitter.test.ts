import test from 'ava';
import {LineSplitter} from './line-splitter.ts';
import {recordsOf} from './record-batch.ts';

function split(pieces: Buffer[]): string[] {
  const splitter = new LineSplitter();
  const batches = pieces.flatMap(piece => splitter.push(piece));
  const last = splitter.flush();
  return [...batches, ...(last ? [last] : [])].flatMap(recordsOf).map(String);
}

test('lines keep their line feed, the last one may lack it', t => {
  t.deepEqual(split([Buffer.from('a\n\nbc'), Buffer.from('d\ne')]), ['a\n', '\n', 'bcd\n', 'e']);
});

test('a line of 40000 bytes gives the three records that the original writes', t => {
  const sizes = split([Buffer.from(`${'x'.repeat(40_000)}\nnext\n`)]).map(record => record.length);
  t.deepEqual(sizes, [16_384, 16_384, 7_233, 5]);
});

test('a line feed right behind 16384 bytes is a record of its own', t => {
  t.deepEqual(
    split([Buffer.from(`${'x'.repeat(16_384)}\n`)]).map(record => record.length),
    [16_384, 1],
  );
  t.deepEqual(
    split([Buffer.from(`${'x'.repeat(16_383)}\n`)]).map(record => record.length),
    [16_384],
  );
});

test('the records do not depend on how the bytes came in', t => {
  const text = Buffer.from(`${'a'.repeat(17_000)}\nb\n${'c'.repeat(33_000)}${'d\n'.repeat(50)}end`);
  const whole = split([text]);
  for (const size of [1, 7, 4096, 16_384, 16_385, 30_000]) {
    const pieces: Buffer[] = [];
    for (let at = 0; at < text.length; at += size) pieces.push(text.subarray(at, at + size));
    t.deepEqual(split(pieces), whole, `pieces of ${size}`);
  }
});

test('much at once is cut at the same places as little by little', t => {
  const lengths = [0, 1, 15, 16, 17, 100, 16_382, 16_383, 16_384, 16_385, 40_000, 32_768, 3];
  const text = Buffer.from(lengths.map(length => `${'x'.repeat(length)}\n`).join('') + 'y'.repeat(20_000));
  const little: Buffer[] = [];
  for (let at = 0; at < text.length; at += 1000) little.push(text.subarray(at, at + 1000));
  t.deepEqual(
    split([text]).map(record => record.length),
    split(little).map(record => record.length),
  );
  t.deepEqual(split([Buffer.from('begun '), text]).at(-1), split([Buffer.from('begun '), ...little]).at(-1));
});
