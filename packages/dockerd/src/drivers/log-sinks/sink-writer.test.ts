import {discardLogger} from '@longshore/base';
import test from 'ava';
import type {LogEntry} from '../../core/logs/log-entry.ts';
import type {StreamPositions} from '../../core/ports/log-driver.ts';
import type {LogSink} from './log-sink.ts';
import {SinkWriter} from './sink-writer.ts';

function fakeSink(changes: Partial<LogSink> = {}) {
  const batches: string[][] = [];
  const sink: LogSink = {
    async send(entries: readonly LogEntry[]) {
      batches.push(entries.map(({line}) => String(line)));
    },
    async close() {},
    ...changes,
  };
  return {sink, batches};
}

function openWriter(sink: LogSink) {
  const saved: StreamPositions[] = [];
  const save = (positions: StreamPositions) => void saved.push({...positions});
  const writer = new SinkWriter(sink, {stdout: 0, stderr: 0}, save, discardLogger());
  let position = 0;
  const write = (...lines: string[]) => {
    position += lines.join('').length;
    const ends: number[] = [];
    for (const line of lines) ends.push((ends.at(-1) ?? 0) + line.length);
    writer.append('stdout', {data: Buffer.from(lines.join('')), start: 0, ends}, position);
  };
  return {writer, write, saved};
}

test('positions are saved behind what the sink has taken', async t => {
  const {sink, batches} = fakeSink();
  const {writer, write, saved} = openWriter(sink);
  write('a\n', 'bc\n');
  t.is(writer.backlog, 5);
  await writer.flushed();
  t.is(writer.backlog, 0);
  t.deepEqual(batches, [['a\n', 'bc\n']]);
  t.deepEqual(saved.at(-1), {stdout: 5, stderr: 0});
  await writer.close();
});

test('a sink that lingers gets many records at once, and the rest at the end', async t => {
  const {sink, batches} = fakeSink({linger: {milliseconds: 60_000, batchRecords: 3}});
  const {writer, write} = openWriter(sink);
  for (const line of ['1\n', '2\n', '3\n', '4\n']) write(line);
  await new Promise(resolve => setTimeout(resolve, 10));
  t.deepEqual(batches, [['1\n', '2\n', '3\n']]);
  await writer.close();
  t.deepEqual(batches, [['1\n', '2\n', '3\n'], ['4\n']]);
});

test('giving up ends the wait for a collector that does not answer', async t => {
  const hang = (_entries: readonly LogEntry[], signal: AbortSignal) =>
    new Promise<void>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const {writer, write, saved} = openWriter(fakeSink({send: hang}).sink);
  write('a\n');
  const closing = writer.close();
  writer.giveUp();
  await closing;
  t.deepEqual(saved.at(-1), {stdout: 2, stderr: 0});
});
