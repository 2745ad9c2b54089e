import test from 'ava';
import type {LogOptions} from '../../../core/logs/options/values.ts';
import {sampleLogRequest} from '../../file-log/log-request.testing.ts';
import {entry, forever, streamPeer, until} from '../peer.testing.ts';
import {openFluentdSink} from './fluentd-sink.ts';
import {packStringMap} from './msgpack.ts';

const open = (options: LogOptions, attributes?: Record<string, string>) =>
  openFluentdSink(sampleLogRequest({driver: 'fluentd', options, attributes}));

/** Decodes all of MessagePack that these messages have. */
function decodeAll(data: Buffer): unknown[] {
  let at = 0;
  const skip = (size: number) => {
    at += size;
    return at - size;
  };
  const text = (length: number) => data.toString('latin1', skip(length), at);
  const read = (): unknown => {
    const head = data[skip(1)] ?? 0;
    if (head >> 4 === 0x9) return Array.from({length: head & 15}, read);
    if (head >> 4 === 0x8) return Object.fromEntries(Array.from({length: head & 15}, () => [read(), read()]));
    if (head >> 5 === 0x5) return text(head & 31);
    if (head === 0xd9) return text(data.readUInt8(skip(1)));
    if (head === 0xda) return text(data.readUInt16BE(skip(2)));
    if (head === 0xce) return data.readUInt32BE(skip(4));
    if (head === 0xd7) return [data.readUInt8(skip(1)), data.readUInt32BE(skip(4)), data.readUInt32BE(skip(4))];
    throw new Error(`byte ${head} at ${at}`);
  };
  const values: unknown[] = [];
  while (at < data.length) values.push(read());
  return values;
}

const id = sampleLogRequest().subject.id;

test('messages as the original sends them', async t => {
  const peer = await streamPeer(t);
  const sink = await open({'fluentd-address': `127.0.0.1:${peer.port}`}, {'a.b': 'L1', X: 'y z'});
  await sink.send([entry('out\n'), entry('x'.repeat(300), 'stderr', {id: 'abc', ordinal: 1, last: false})], forever);
  await until(() => peer.received().toString('latin1').endsWith('false\x80'));
  const base = {container_id: id, container_name: '/w7', 'a.b': 'L1', X: 'y z'};
  const partial = {partial_message: 'true', partial_id: 'abc', partial_ordinal: '1', partial_last: 'false'};
  t.deepEqual(decodeAll(peer.received()), [
    [id.slice(0, 12), 1_795_245_008, {...base, source: 'stdout', log: 'out'}, {}],
    [id.slice(0, 12), 1_795_245_008, {...base, ...partial, source: 'stderr', log: 'x'.repeat(300)}, {}],
  ]);
  await sink.close(forever);
});

test('nanoseconds where they are asked for', async t => {
  const peer = await streamPeer(t);
  const options = {'fluentd-address': `127.0.0.1:${peer.port}`, 'fluentd-sub-second-precision': 'true'};
  const sink = await open(options);
  await sink.send([entry('out\n')], forever);
  await until(() => peer.received().length > 100);
  const [[, time]] = decodeAll(peer.received()) as [unknown[]];
  t.deepEqual(time, [0, 1_795_245_008, 123_456_789]);
  await sink.close(forever);
});

test('every message is acknowledged before the sending is over', async t => {
  const acknowledge = (data: Buffer) => {
    const chunks = decodeAll(data).map(message => (message as [0, 0, 0, {chunk: string}])[3].chunk);
    return Buffer.concat(chunks.map(chunk => packStringMap([['ack', chunk]])));
  };
  const peer = await streamPeer(t, {answer: acknowledge});
  const options = {'fluentd-address': `127.0.0.1:${peer.port}`, 'fluentd-request-ack': 'true'};
  const sink = await open(options);
  await sink.send([entry('a\n'), entry('b\n')], forever);
  t.is(decodeAll(peer.received()).length, 2);
  const mute = await streamPeer(t);
  const other = await open({...options, 'fluentd-address': `127.0.0.1:${mute.port}`});
  await t.throwsAsync(other.send([entry('c\n')], AbortSignal.timeout(50)), {name: 'TimeoutError'});
  await sink.close(forever);
});

test('a collector that goes away and comes back gets everything', async t => {
  const first = await streamPeer(t);
  const options = {'fluentd-address': `127.0.0.1:${first.port}`, 'fluentd-retry-wait': '20ms'};
  const sink = await open(options);
  await sink.send([entry('one\n')], forever);
  await until(() => first.received().includes('one'));
  await first.stop();
  await new Promise(resolve => setTimeout(resolve, 20));
  const sending = sink.send([entry('two\n')], forever);
  await new Promise(resolve => setTimeout(resolve, 50));
  const second = await streamPeer(t, {port: first.port});
  await sending;
  await until(() => second.received().includes('two'));
  t.is(decodeAll(second.received()).length, 1);
  await sink.close(forever);
});

test('asynchronous: starts without a collector, keeps what fits and loses the rest', async t => {
  const gone = await streamPeer(t);
  await gone.stop();
  const address = {'fluentd-address': `127.0.0.1:${gone.port}`};
  await t.throwsAsync(open(address), {message: `dial tcp 127.0.0.1:${gone.port}: connect: connection refused`});
  const sink = await open({
    ...address,
    'fluentd-async': 'true',
    'fluentd-buffer-limit': '20',
    'fluentd-retry-wait': '20ms',
  });
  await sink.send([entry('0123456789\n')], forever);
  await new Promise(resolve => setTimeout(resolve, 10));
  await sink.send([entry('small\n')], forever);
  await t.throwsAsync(sink.send([entry('too much\n')], forever), {message: 'the buffer of the log is full'});
  const back = await streamPeer(t, {port: gone.port});
  await until(() => back.received().includes('small'));
  t.is(decodeAll(back.received()).length, 2);
  await sink.close(forever);
});
