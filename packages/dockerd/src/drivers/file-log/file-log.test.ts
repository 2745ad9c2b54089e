import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gunzipSync} from 'node:zlib';
import {discardLogger} from '@longshore/base';
import test, {type ExecutionContext} from 'ava';
import {LineSplitter} from '../../core/logs/line-splitter.ts';
import {singleRecord} from '../../core/logs/record-batch.ts';
import type {LogQuery} from '../../core/ports/log-driver.ts';
import {FileLogReader} from './file-log-reader.ts';
import {type FileLogOptions, FileLogWriter} from './file-log-writer.ts';
import {jsonFormat} from './json-format.ts';
import {localFormat} from './local-format.ts';

const everything: LogQuery = {
  streams: new Set(['stdout', 'stderr']),
  since: undefined,
  until: undefined,
  tail: undefined,
  follow: false,
  signal: new AbortController().signal,
};

async function openLog(t: ExecutionContext, changes: Partial<FileLogOptions> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'ls-log-'));
  t.teardown(() => rmSync(directory, {recursive: true}));
  const path = join(directory, 'x-json.log');
  const options = {
    ...{maximumSize: undefined, maximumFiles: 1, compress: false, attributes: undefined, format: jsonFormat},
    ...changes,
  };
  const writer = await FileLogWriter.open(path, options, {stdout: 0, stderr: 0}, () => {}, discardLogger());
  t.teardown(() => writer.close());
  let position = 0;
  const write = (text: string, stream: 'stdout' | 'stderr' = 'stdout') => {
    position += text.length;
    writer.append(stream, singleRecord(Buffer.from(text)), position);
  };
  const read = async (query: Partial<LogQuery> = {}) => {
    const reader = new FileLogReader(path, options.maximumFiles, options.format, writer);
    return (await Array.fromAsync(reader.read({...everything, ...query}))).flat();
  };
  const texts = async (query?: Partial<LogQuery>) => (await read(query)).map(({line}) => String(line));
  return {directory, path, writer, write, read, texts};
}

test('tail, streams and times', async t => {
  const {write, read, texts} = await openLog(t);
  for (let i = 0; i < 5; i++) write(`${i}\n`, i % 2 ? 'stderr' : 'stdout');
  t.deepEqual(await texts(), ['0\n', '1\n', '2\n', '3\n', '4\n']);
  t.deepEqual(await texts({tail: 2}), ['3\n', '4\n']);
  t.deepEqual(await texts({tail: 0}), []);
  t.deepEqual(await texts({tail: 50}), ['0\n', '1\n', '2\n', '3\n', '4\n']);
  t.deepEqual(await texts({streams: new Set(['stderr'])}), ['1\n', '3\n']);
  const [first, , third] = await read();
  t.deepEqual(await texts({since: third!.timeNano}), ['2\n', '3\n', '4\n']);
  t.deepEqual(await texts({until: first!.timeNano}), ['0\n']);
});

test('much and little come in turns, and the order stays', async t => {
  const {writer, texts} = await openLog(t);
  const splitter = new LineSplitter();
  const lines = Array.from({length: 20_000}, (_each, i) => `${i} ${'x'.repeat(60)}\n`);
  const bytes = Buffer.from(lines.join(''));
  for (const batch of splitter.push(bytes)) writer.append('stdout', batch, bytes.length);
  writer.append('stderr', singleRecord(Buffer.from('little\n')), 7);
  for (const batch of splitter.push(bytes)) writer.append('stdout', batch, 2 * bytes.length);
  await writer.flushed();
  writer.append('stderr', singleRecord(Buffer.from('last\n')), 12);
  t.deepEqual(await texts(), [...lines, 'little\n', ...lines, 'last\n']);
  t.is(writer.backlog, 0);
});

test('a log that leaves the cache while it grows is complete', async t => {
  const {path, writer} = await openLog(t);
  const lines = Buffer.from('0123456789'.repeat(1000).replace(/9/g, '9\n'));
  const ends = Array.from({length: 1000}, (_each, i) => 11 * (i + 1));
  const times = 400;
  for (let i = 1; i <= times; i++) {
    writer.append('stdout', {data: lines, start: 0, ends}, i * lines.length);
    if (writer.backlog > 1024 * 1024) await writer.flushed();
  }
  await writer.close();
  const text = readFileSync(path, 'latin1');
  t.true(text.length > 20_000_000);
  t.is(text.split('{"log":"0123456789\\n","stream":"stdout","time":"').length - 1, times * 1000);
});

test('pieces of one line share its time, the next line has its own', async t => {
  const {write, read} = await openLog(t);
  write('a'.repeat(16_384));
  await new Promise(resolve => setTimeout(resolve, 2));
  write('b\n');
  write('c\n');
  const [one, two, three] = await read();
  t.is(one!.timeNano, two!.timeNano);
  t.true(three!.timeNano > two!.timeNano);
});

test('rotation keeps the newest files, and reading goes across them', async t => {
  const {directory, write, writer, texts} = await openLog(t, {maximumSize: 300, maximumFiles: 3});
  for (let i = 0; i < 40; i++) write(`line ${i}\n`);
  await writer.flushed();
  t.deepEqual(readdirSync(directory).sort(), ['x-json.log', 'x-json.log.1', 'x-json.log.2']);
  const kept = await texts();
  t.is(kept.at(-1), 'line 39\n');
  t.is(kept.length, 4 + 4 + 4);
  t.deepEqual(await texts({tail: 6}), kept.slice(-6));
});

test('with one file it is emptied, as the original does', async t => {
  const {directory, write, texts} = await openLog(t, {maximumSize: 300});
  for (let i = 0; i < 10; i++) write(`line ${i}\n`);
  t.deepEqual(await texts(), ['line 8\n', 'line 9\n']);
  t.deepEqual(readdirSync(directory), ['x-json.log']);
});

test('compressed files are read, and carry the time of their last record', async t => {
  const {path, write, writer, texts} = await openLog(t, {maximumSize: 300, maximumFiles: 4, compress: true});
  for (let i = 0; i < 10; i++) write(`line ${i}\n`);
  await writer.settled();
  const packed = readFileSync(`${path}.1.gz`);
  t.is(packed[3], 4);
  t.regex(packed.subarray(12, 12 + packed.readUInt16LE(10)).toString(), /^\{"lastTime":"\d{4}-/);
  t.is(gunzipSync(packed).toString().trimEnd().split('\n').length, 4);
  t.deepEqual(
    await texts(),
    Array.from({length: 10}, (_each, i) => `line ${i}\n`),
  );
  t.deepEqual(
    await texts({tail: 7}),
    Array.from({length: 7}, (_each, i) => `line ${i + 3}\n`),
  );
});

test('following sees what comes later, through rotations, until the log is closed', async t => {
  const {write, writer, texts} = await openLog(t, {maximumSize: 500, maximumFiles: 50});
  write('first\n');
  const following = texts({follow: true});
  for (let i = 0; i < 30; i++) {
    write(`line ${i}\n`);
    if (i % 4 === 0) await new Promise(resolve => setTimeout(resolve, 3));
  }
  setTimeout(() => writer.close(), 20);
  t.deepEqual(await following, ['first\n', ...Array.from({length: 30}, (_each, i) => `line ${i}\n`)]);
});

test('a reader that is aborted ends', async t => {
  const {write, writer, texts} = await openLog(t);
  write('one\n');
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 10);
  t.deepEqual(await texts({follow: true, signal: abort.signal}), ['one\n']);
  await writer.close();
});

test('local: rotated, compressed and current files are one log, from any record on', async t => {
  const options = {format: localFormat, maximumSize: 2000, maximumFiles: 4, compress: true};
  const {directory, write, writer, read, texts} = await openLog(t, options);
  for (let i = 0; i < 130; i++) write(`line ${i}\n`, i % 2 ? 'stderr' : 'stdout');
  write('x'.repeat(16_384));
  write('end');
  write('\n');
  await writer.settled();
  t.deepEqual(readdirSync(directory).sort(), ['x-json.log', 'x-json.log.1.gz', 'x-json.log.2.gz', 'x-json.log.3.gz']);
  const all = await texts();
  t.deepEqual(all.slice(-4), ['line 129\n', 'x'.repeat(16_384), 'end', '\n']);
  for (const tail of [1, 3, 4, 20, 60, 100, all.length]) t.deepEqual(await texts({tail}), all.slice(-tail), `${tail}`);
  const [one, two, three] = (await read()).slice(-3);
  t.deepEqual(
    [one, two, three].map(entry => entry?.partial?.ordinal),
    [1, 2, 3],
  );
  t.deepEqual(
    [one, two, three].map(entry => entry?.partial?.last),
    [false, false, true],
  );
  t.is(one?.partial?.id, three?.partial?.id);
});

test('a follower that is slower than the rotation misses nothing that is kept', async t => {
  const options = {format: localFormat, maximumSize: 3000, maximumFiles: 60, compress: true};
  const {path, write, writer} = await openLog(t, options);
  write('first\n');
  const reader = new FileLogReader(path, options.maximumFiles, localFormat, writer);
  const seen: string[] = [];
  for await (const entries of reader.read({...everything, follow: true})) {
    seen.push(...entries.map(({line}) => String(line)));
    if (seen.length === 1) {
      for (let i = 0; i < 600; i++) {
        write(`line ${i}\n`);
        if (i % 50 === 0) await writer.flushed();
      }
      void writer.close();
    }
  }
  t.deepEqual(seen, ['first\n', ...Array.from({length: 600}, (_each, i) => `line ${i}\n`)]);
});

test('a follower of one file that is emptied goes on with what comes then', async t => {
  const {path, write, writer} = await openLog(t, {maximumSize: 300});
  write('first\n');
  const reader = new FileLogReader(path, 1, jsonFormat, writer);
  const seen: string[] = [];
  for await (const entries of reader.read({...everything, follow: true})) {
    seen.push(...entries.map(({line}) => String(line)));
    if (seen.length !== 1) continue;
    for (let i = 0; i < 41; i++) write(`line ${i}\n`);
    await writer.close();
  }
  t.is(seen.at(-1), 'line 40\n');
});

/** Written by the original 28.5.2: "out", "err" and "nonl" without a line feed. */
const original =
  '000000170a067374646f757410a987ddba90f8fbf4181a036f757400000017000000170a0673746465727210e2cadeba90f8fbf4181a03657272' +
  '00000017000000600a067374646f757410bb93b8ce90f8fbf4181a046e6f6e6c20012a44124036323663313066666333383265383662653031363' +
  '06534616163386661326338653166396436356364316366643639306164633534343961396131613566333718010000' +
  '0060';

test('local: the bytes of the original are read, and written again the same', t => {
  const data = Buffer.from(original, 'hex');
  for (const size of [1, 7, data.length]) {
    const decoder = localFormat.decoder();
    const pieces = Array.from({length: Math.ceil(data.length / size)}, (_e, i) =>
      data.subarray(i * size, (i + 1) * size),
    );
    const entries = pieces.flatMap(piece => decoder.push(piece));
    t.deepEqual(
      entries.map(entry => [entry?.stream, String(entry?.line)]),
      [
        ['stdout', 'out\n'],
        ['stderr', 'err\n'],
        ['stdout', 'nonl'],
      ],
    );
    const encoder = localFormat.encoder(undefined);
    for (const entry of entries) encoder.add(entry!);
    t.is(encoder.output.take().toString('hex'), original);
  }
});

test('local: lines at once are the same as one by one, but for their times, which go on', t => {
  const texts = ['one\n', '\n', `${'x'.repeat(300)}\n`];
  const data = Buffer.from(texts.join(''));
  for (const start of [1_795_245_008_123_456_789n, (6_687_000_000n << 28n) - 1n]) {
    const many = localFormat.encoder(undefined);
    const {next, lastTime} = many.addLines('stderr', {data, start: 0, ends: [4, 5, data.length]}, 0, start);
    t.is(next, 3);
    const single = localFormat.encoder(undefined);
    let time = start;
    for (const [index, text] of texts.entries()) {
      if (index > 0) time += time % 10n === 9n ? 2n : 1n;
      single.add({stream: 'stderr', line: Buffer.from(text), timeNano: time});
    }
    t.is(lastTime, time);
    t.deepEqual(many.output.take(), single.output.take());
  }
});
