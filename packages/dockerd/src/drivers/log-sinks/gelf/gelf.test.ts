import {gunzipSync, inflateSync} from 'node:zlib';
import test from 'ava';
import type {LogOptions} from '../../../core/logs/options/values.ts';
import {sampleLogRequest} from '../../file-log/log-request.testing.ts';
import {entry, forever, streamPeer, udpPeer, until} from '../peer.testing.ts';
import {gelfDatagrams} from './chunks.ts';
import {openGelfSink} from './gelf-sink.ts';

const open = (options: LogOptions, attributes?: Record<string, string>) =>
  openGelfSink(sampleLogRequest({driver: 'gelf', options, attributes}));

const unpack = {gzip: gunzipSync, zlib: inflateSync, none: (data: Buffer) => data};

for (const type of ['gzip', 'zlib', 'none'] as const) {
  test(`udp, ${type}: the fields of the original`, async t => {
    const peer = await udpPeer(t);
    const options = {'gelf-address': `udp://127.0.0.1:${peer.port}`, 'gelf-compression-type': type};
    const sink = await open(options, {X: 'y z'});
    await sink.send([entry('hello "w"\n', 'stderr'), entry('\n')], forever);
    await until(() => peer.datagrams.length > 0);
    const {subject, tag} = sampleLogRequest();
    t.is(peer.datagrams.length, 1);
    const {host, ...message} = JSON.parse(unpack[type](peer.datagrams[0]!).toString());
    t.true(host.length > 0);
    t.deepEqual(message, {
      version: '1.1',
      short_message: 'hello "w"',
      timestamp: 1_795_245_008.123,
      level: 3,
      _container_id: subject.id,
      _container_name: 'w7',
      _image_id: subject.imageId,
      _image_name: 'busybox',
      _command: 'sh -c true',
      _tag: tag,
      _created: '2026-11-21T07:10:14.735878931Z',
      _X: 'y z',
    });
    await sink.close(forever);
  });
}

test('udp: what does not fit into a datagram comes in numbered pieces', async t => {
  const peer = await udpPeer(t);
  const sink = await open({'gelf-address': `udp://127.0.0.1:${peer.port}`, 'gelf-compression-type': 'none'});
  await sink.send([entry('x'.repeat(16_384))], forever);
  await until(() => peer.datagrams.length === peer.datagrams[0]?.[11]);
  const [first] = peer.datagrams;
  for (const [index, datagram] of peer.datagrams.entries()) {
    t.true(datagram.length <= 1420);
    t.deepEqual([...datagram.subarray(0, 2)], [0x1e, 0x0f]);
    t.deepEqual(datagram.subarray(2, 10), first!.subarray(2, 10));
    t.is(datagram[10], index);
  }
  const whole = Buffer.concat(peer.datagrams.map(datagram => datagram.subarray(12)));
  t.is(JSON.parse(whole.toString()).short_message, 'x'.repeat(16_384));
  t.throws(() => gelfDatagrams(Buffer.alloc(200_000)), {message: /128 are allowed/});
  await sink.close(forever);
});

test('tcp: a zero byte behind each message; a broken connection is made anew', async t => {
  const peer = await streamPeer(t);
  const sink = await open({'gelf-address': `tcp://127.0.0.1:${peer.port}`, 'gelf-tcp-reconnect-delay': '0'});
  await sink.send([entry('a\n'), entry('b\n')], forever);
  await until(() => peer.received().includes('"b"'));
  t.is(peer.received().toString().split('\0').length, 3);
  peer.hangUp();
  await new Promise(resolve => setTimeout(resolve, 30));
  await sink.send([entry('again\n')], forever);
  await until(() => peer.received().includes('again'));
  await sink.close(forever);
});

test('tcp: nobody listens', async t => {
  const peer = await streamPeer(t);
  await peer.stop();
  const target = `127.0.0.1:${peer.port}`;
  await t.throwsAsync(open({'gelf-address': `tcp://${target}`}), {
    message: `gelf: cannot connect to GELF endpoint: ${target} dial tcp ${target}: connect: connection refused`,
  });
});
