import test from 'ava';
import {LineSplitter} from '../../core/logs/line-splitter.ts';
import {recordsOf} from '../../core/logs/record-batch.ts';
import {parseNano} from '../../core/time.ts';
import {JsonEncoder} from './json-encoder.ts';

const time = parseNano('2026-11-21T02:52:19.596096951Z')!;

function encode(line: Buffer | string, attributes?: Record<string, string>): string {
  const encoder = new JsonEncoder(attributes);
  encoder.add({stream: 'stdout', line: Buffer.from(line), timeNano: time});
  return encoder.output.take().toString();
}

test('special characters as the original writes them', t => {
  const line = Buffer.concat([Buffer.from('a\tb"c<>&\u0001é'), Buffer.from([0xff]), Buffer.from('\r\n')]);
  t.is(
    encode(line),
    '{"log":"a\\u0009b\\"c\\u003c\\u003e\\u0026\\u0001é\\ufffd\\r\\n","stream":"stdout","time":"2026-11-21T02:52:19.596096951Z"}\n',
  );
});

test('attributes are sorted and stand before the time', t => {
  t.is(
    encode('line 49\n', {tag: 'lg2/349a95b42818', a: 'b', X: '1'}),
    '{"log":"line 49\\n","stream":"stdout","attrs":{"X":"1","a":"b","tag":"lg2/349a95b42818"},"time":"2026-11-21T02:52:19.596096951Z"}\n',
  );
});

test('every byte value survives as JSON, and a batch is the sum of its records', t => {
  const line = Buffer.from(Array.from({length: 128}, (_each, i) => i));
  const one = encode(line);
  t.is(JSON.parse(one).log, line.toString('latin1'));
  const encoder = new JsonEncoder(undefined);
  for (let i = 0; i < 3000; i++) encoder.add({stream: 'stderr', line: Buffer.from('<'.repeat(40)), timeNano: time});
  const lines = encoder.output.take().toString().trimEnd().split('\n');
  t.is(lines.length, 3000);
  t.is(JSON.parse(lines[2999]!).log, '<'.repeat(40));
  t.is(encoder.output.length, 0);
});

test('a cut UTF-8 sequence becomes U+FFFD', t => {
  const halves = [Buffer.from('é').subarray(0, 1), Buffer.from('é').subarray(1)];
  t.deepEqual(
    halves.map(half => JSON.parse(encode(half)).log),
    ['\ufffd', '\ufffd'],
  );
});

test('lines at once are the same as one by one, but for their times, which go on', t => {
  const lines = ['plain\n', 'x'.repeat(200), '\n', 'a<b\n', 'é\n', '\n'];
  for (const texts of [
    lines.filter(text => /^[\x20-\x3b]*\n$/.test(text)),
    lines.filter(text => text.endsWith('\n')),
  ]) {
    const data = Buffer.from(texts.join(''));
    const ends: number[] = [];
    for (const text of texts) ends.push((ends.at(-1) ?? 0) + Buffer.byteLength(text));
    const single = new JsonEncoder(undefined);
    const many = new JsonEncoder(undefined);
    const {next, lastTime} = many.addLines('stdout', {data, start: 0, ends}, 0, time);
    t.is(next, texts.length);
    let at = time;
    for (const [index, text] of texts.entries()) {
      if (index > 0) at += at % 10n === 9n ? 2n : 1n;
      single.add({stream: 'stdout', line: Buffer.from(text), timeNano: at});
    }
    t.is(lastTime, at);
    t.is(many.output.take().toString(), single.output.take().toString());
  }
});

test('times are counted on over all nine digits, and into the next second', t => {
  for (const [nanos, expected] of [
    ['18.000000001', '18.000000002'],
    ['18.000000009', '18.000000011'],
    ['18.000999999', '18.001000001'],
    ['18.999999999', '19.000000001'],
    ['18.5', '18.500000001'],
  ]) {
    const start = parseNano(`2026-11-21T02:52:${nanos}Z`)!;
    const encoder = new JsonEncoder(undefined);
    const {lastTime} = encoder.addLines('stdout', {data: Buffer.from('\n\n'), start: 0, ends: [1, 2]}, 0, start);
    const [, second] = encoder.output.take().toString().trim().split('\n');
    t.is(JSON.parse(second!).time, `2026-11-21T02:52:${expected}Z`);
    t.is(parseNano(JSON.parse(second!).time), lastTime);
  }
});

test('each byte that is no UTF-8 becomes one U+FFFD, as in the original', t => {
  const bad = Buffer.from([0xe2, 0x82, 0x41, 0xff, 0xed, 0xa0, 0x80, 0xf4, 0x90, 0x80, 0x80, 0x0a]);
  t.true(encode(bad).startsWith(`{"log":"\\ufffd\\ufffdA${'\\ufffd'.repeat(8)}\\n","stream"`));
});

test('much at once is encoded as the same lines one by one', t => {
  const odd = Buffer.concat([
    Buffer.from('a\tb"c\\<>&\u0000\u001f\u007fé\u2028\u2029\u202a€😀\r\n'),
    Buffer.from([0xc3, 0x0a, 0xe2, 0x80, 0x0a, 0xf0, 0x9f, 0x98, 0x0a, 0xf4, 0x8f, 0xbf, 0xbf, 0xed, 0x9f, 0xbf, 0x0a]),
    ...Array.from({length: 256}, (_each, i) => Buffer.from([i, 0x80, 0xbf, i, 0x0a])),
    ...Array.from({length: 70}, (_each, i) => Buffer.from(`${'x'.repeat(i)}\n`)),
  ]);
  const data = Buffer.concat(Array.from({length: 60}, () => odd));
  const start = parseNano('2026-11-21T02:52:19.999999001Z')!;
  const [batch] = new LineSplitter().push(data);
  const many = new JsonEncoder({tag: 'x'});
  const {next} = many.addLines('stderr', batch!, 0, start);
  t.is(next, batch!.ends.length);
  const one = new JsonEncoder({tag: 'x'});
  let at = start;
  for (const line of recordsOf(batch!)) {
    one.add({stream: 'stderr', line, timeNano: at});
    at += at % 10n === 9n ? 2n : 1n;
  }
  t.deepEqual(many.output.take().toString('latin1').split('\n'), one.output.take().toString('latin1').split('\n'));
});
