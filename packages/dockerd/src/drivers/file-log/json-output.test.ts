import {randomInt} from 'node:crypto';
import test from 'ava';
import {LineSplitter} from '../../core/logs/line-splitter.ts';
import {maximumLine} from '../../core/logs/log-entry.ts';
import {JsonEncoder} from './json-encoder.ts';

const start = 1_795_229_539_596_096_951n;
const hostile = [...'"\\<>&\n\r\t\0\u0008\u007f\u2028\u2029\u202aé€😀']
  .map(c => Buffer.from(c))
  .concat(
    [[0xc0], [0xc3], [0xe2, 0x80], [0xed, 0xa0, 0x80], [0xf0, 0x9f], [0xf4, 0x90, 0x80, 0x80], [0xff]].map(b =>
      Buffer.from(b),
    ),
  );

function randomBytes(size: number): Buffer {
  const parts = Array.from({length: size}, () => {
    const kind = randomInt(4);
    if (kind === 0) return hostile[randomInt(hostile.length)] as Buffer;
    if (kind === 1) return Buffer.from([randomInt(256)]);
    return Buffer.from('plain text of a line'.slice(0, randomInt(20)));
  });
  return Buffer.concat(parts);
}

/** The texts of the records of a json-file log that gets bytes cut at these places. */
function logged(data: Buffer, cuts: readonly number[]): string[] {
  const splitter = new LineSplitter();
  const encoder = new JsonEncoder(undefined);
  let from = 0;
  for (const to of [...cuts, data.length]) {
    for (const batch of splitter.push(data.subarray(from, to))) addAll(encoder, batch);
    from = to;
  }
  const last = splitter.flush();
  if (last) addAll(encoder, last);
  const lines = encoder.output.take().toString().split('\n').slice(0, -1);
  return lines.map(line => /^\{"log":(.*),"stream":"stdout","time":"[^"]*"\}$/.exec(line)?.[1] ?? `no record: ${line}`);
}

function addAll(
  encoder: JsonEncoder,
  batch: {data: Buffer; start: number; ends: readonly number[] | Int32Array},
): void {
  for (let next = 0; next < batch.ends.length; ) {
    const from = next === 0 ? batch.start : (batch.ends[next - 1] as number);
    const end = batch.ends[next] as number;
    if (batch.data[end - 1] === 10) next = encoder.addLines('stdout', batch, next, start).next;
    else {
      encoder.add({stream: 'stdout', line: batch.data.subarray(from, end), timeNano: start});
      next++;
    }
  }
}

/** The same by JSON.stringify and the rules that Go adds to it. */
function expected(data: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < data.length; ) {
    const found = data.indexOf(10, at);
    const end = Math.min(found < 0 ? data.length : found + 1, at + maximumLine);
    texts.push(goString(data.subarray(at, end)));
    at = end;
  }
  return texts;
}

function goString(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const width = [1, 2, 3, 4].find(n => isCharacter(bytes.subarray(at, at + n)));
    text += width ? JSON.stringify(bytes.toString('utf8', at, at + width)).slice(1, -1) : '\\ufffd';
    at += width ?? 1;
  }
  // JSON.stringify writes tab, backspace and form feed by letters, and leaves what HTML or JavaScript stumble over.
  const short = text.replace(/\\\\|\\[btf]/g, e =>
    e === '\\\\' ? e : `\\u00${{b: '08', t: '09', f: '0c'}[e[1] as 'b']}`,
  );
  return `"${short.replace(/[<>&\u2028\u2029]/g, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`;
}

function isCharacter(bytes: Buffer): boolean {
  try {
    return [...new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes)].length === 1;
  } catch {
    return false;
  }
}

test('random and hostile bytes are logged as Go writes them', t => {
  for (let round = 0; round < 20; round++) {
    const data = randomBytes(2000);
    t.deepEqual(logged(data, []), expected(data));
  }
});

test('wherever the bytes were cut on their way, the records are the same', t => {
  const data = randomBytes(60);
  const whole = expected(data);
  for (let cut = 0; cut <= data.length; cut++) t.deepEqual(logged(data, [cut]), whole);
  t.deepEqual(
    logged(
      data,
      Array.from({length: data.length}, (_each, i) => i),
    ),
    whole,
  );
});

test('long lines, and pieces that are encoded by vectors, cut anywhere', t => {
  const long = Buffer.concat([randomBytes(500), Buffer.alloc(2 * maximumLine + 5, 'x'), randomBytes(8000)]);
  const whole = expected(long);
  for (let round = 0; round < 20; round++) {
    const cuts = Array.from({length: randomInt(6)}, () => randomInt(long.length)).sort((a, b) => a - b);
    t.deepEqual(logged(long, cuts), whole);
  }
});
