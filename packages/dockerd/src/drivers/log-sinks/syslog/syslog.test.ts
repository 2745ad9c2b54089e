import {mkdtempSync, rmSync} from 'node:fs';
import {hostname, tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import type {LogOptions} from '../../../core/logs/options/values.ts';
import {sampleLogRequest} from '../../file-log/log-request.testing.ts';
import {certificatePath, entry, forever, streamPeer, udpPeer, until} from '../peer.testing.ts';
import {openSyslogSink} from './syslog-sink.ts';

process.env.TZ = 'UTC';

const open = (options: LogOptions) => openSyslogSink(sampleLogRequest({driver: 'syslog', options}));

const formats = [
  ['unix', `<30>Nov 21 07:10:08 c7d63ca35738[${process.pid}]: hello\n`],
  ['rfc3164', `<30>Nov 21 07:10:08 ${hostname()} c7d63ca35738[${process.pid}]: hello\n`],
  ['rfc5424', `<30>1 2026-11-21T07:10:08Z ${hostname()} c7d63ca35738 ${process.pid} c7d63ca35738 - hello\n`],
  [
    'rfc5424micro',
    `<30>1 2026-11-21T07:10:08.123456Z ${hostname()} c7d63ca35738 ${process.pid} c7d63ca35738 - hello\n`,
  ],
] as const;

for (const [format, expected] of formats) {
  test(`udp: ${format}`, async t => {
    const peer = await udpPeer(t);
    const option: LogOptions = format === 'unix' ? {} : {'syslog-format': format};
    const sink = await open({'syslog-address': `udp://127.0.0.1:${peer.port}`, ...option});
    await sink.send([entry('hello\n'), entry('\n')], forever);
    await until(() => peer.datagrams.length > 0);
    t.deepEqual(peer.datagrams.map(String), [expected]);
    await sink.close(forever);
  });
}

test('stderr is an error, and the facility may be named or numbered', async t => {
  const peer = await streamPeer(t);
  for (const facility of ['local3', '19']) {
    const sink = await open({'syslog-address': `tcp://127.0.0.1:${peer.port}`, 'syslog-facility': facility});
    await sink.send([entry('a\n', 'stderr'), entry('b\n')], forever);
    await sink.close(forever);
  }
  await until(() => peer.received().toString().split('\n').length === 5);
  const priorities = peer
    .received()
    .toString()
    .match(/^<\d+>/gm);
  t.deepEqual(priorities, ['<155>', '<158>', '<155>', '<158>']);
});

test('tcp: a connection that breaks is made anew', async t => {
  const peer = await streamPeer(t);
  const sink = await open({'syslog-address': `tcp://127.0.0.1:${peer.port}`});
  await sink.send([entry('before\n')], forever);
  await until(() => peer.received().includes('before'));
  const [first] = peer.connections;
  peer.hangUp();
  await until(() => first!.destroyed);
  await new Promise(resolve => setTimeout(resolve, 20)); // until our side has heard of it
  await sink.send([entry('after\n')], forever);
  await until(() => peer.received().includes('after'));
  t.is(peer.connections.length, 2);
  await sink.close(forever);
});

test('tls: messages of RFC 5424 are framed by their length, others are not', async t => {
  const peer = await streamPeer(t, {tls: true});
  const address = {'syslog-address': `tcp+tls://localhost:${peer.port}`, 'syslog-tls-ca-cert': certificatePath};
  const framed = await open({...address, 'syslog-format': 'rfc5424'});
  await framed.send([entry('hello\n')], forever);
  await framed.close(forever);
  const [, expected = ''] = formats[2];
  await until(() => peer.received().length >= expected.length);
  t.is(peer.received().toString(), `${expected.length} ${expected}`);
});

test('tls: a certificate that nobody vouches for is refused, unless it is not to be checked', async t => {
  const peer = await streamPeer(t, {tls: true});
  const address = {'syslog-address': `tcp+tls://localhost:${peer.port}`};
  await t.throwsAsync(open(address), {message: /certificate/});
  const sink = await open({...address, 'syslog-tls-skip-verify': 'true'});
  await sink.close(forever);
  await t.throwsAsync(open({...address, 'syslog-tls-ca-cert': '/nonexistent'}), {
    message: 'could not read CA certificate "/nonexistent": open /nonexistent: no such file or directory',
  });
});

test('unix: a stream socket', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'ls-log-'));
  t.teardown(() => rmSync(directory, {recursive: true}));
  const path = join(directory, 's');
  const peer = await streamPeer(t, {path});
  const sink = await open({'syslog-address': `unix://${path}`});
  await sink.send([entry('hello\n')], forever);
  await until(() => peer.received().includes('hello\n'));
  await sink.close(forever);
  t.is(peer.received().toString(), formats[0][1]);
});

test('nobody listens', async t => {
  const peer = await streamPeer(t);
  await peer.stop();
  await t.throwsAsync(open({'syslog-address': `tcp://127.0.0.1:${peer.port}`}), {
    message: `dial tcp 127.0.0.1:${peer.port}: connect: connection refused`,
  });
});
