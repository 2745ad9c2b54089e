import {Buffer} from 'node:buffer';
import {once} from 'node:events';
import http2 from 'node:http2';
import {connect, createServer} from 'node:net';
import {join} from 'node:path';
import {discardLogger} from '@longshore/base';
import test, {type ExecutionContext} from 'ava';
import {grpcMessage, Http2Peer} from '../../test-support/http2-peer.ts';
import {tempDir} from '../../test-support/store.ts';
import {flag, frameType} from '../http2/frames.ts';
import type {ServerCall} from './call.ts';
import {CallFailure} from './failure.ts';
import {parseTimeout} from './headers.ts';
import {type CallHandler, GrpcServer} from './server.ts';

const limits = {maxReceive: 5_000_000, maxSend: 5_000_000};

/** Answers each message with itself. */
const echo: CallHandler = async call => {
  for (let message = await call.receive(); message; message = await call.receive()) await call.send([message]);
  call.finish(0, '');
};

function open(t: ExecutionContext, handler: CallHandler = echo) {
  const server = new GrpcServer(limits, discardLogger());
  server.handle('a.B', 'C', handler);
  const peer = new Http2Peer(socket => server.accept(socket));
  t.teardown(() => peer.destroy());
  return {server, peer};
}

async function until(t: ExecutionContext, condition: () => boolean): Promise<void> {
  for (let i = 0; i < 10_000 && !condition(); i++) await new Promise(setImmediate);
  t.true(condition());
}

async function statusOf(t: ExecutionContext, peer: Http2Peer, stream: number) {
  await until(t, () => peer.headers(stream)['grpc-status'] !== undefined);
  return [Number(peer.headers(stream)['grpc-status']), peer.headers(stream)['grpc-message']];
}

test('messages in pieces of any size, several in one, and empty ones', async t => {
  const {peer} = open(t);
  const messages = ['one', '', 'x'.repeat(70_000), 'last'].map(text => grpcMessage(Buffer.from(text)));
  peer.request(1, '/a.B/C');
  const bytes = Buffer.concat(messages);
  for (let at = 0, size = 1; at < bytes.length; at += size, size = Math.min(size + 1, 1000)) {
    peer.frame(frameType.data, 0, 1, bytes.subarray(at, at + size));
  }
  peer.frame(frameType.data, flag.endStream, 1);
  peer.update(1, 100_000);
  peer.update(0, 100_000);
  t.deepEqual(await statusOf(t, peer, 1), [0, undefined]);
  t.true(peer.body(1).equals(bytes));
  t.like(peer.headers(1), {':status': '200', 'content-type': 'application/grpc'});
});

test('what nobody answers', async t => {
  const {peer} = open(t);
  peer.request(1, '/a.B/D', [], true);
  t.deepEqual(await statusOf(t, peer, 1), [12, 'unknown method D for service a.B']);
  peer.request(3, '/a.X/C', [], true);
  t.deepEqual(await statusOf(t, peer, 3), [12, 'unknown service a.X']);
});

test('texts of a status that are not plain', async t => {
  const {peer} = open(t, async call => call.finish(5, '100 % "é"\n'));
  peer.request(1, '/a.B/C', [], true);
  t.deepEqual(await statusOf(t, peer, 1), [5, '100 %25 "%C3%A9"%0A']);
});

test('a message that is too large, compressed, cut or of no known form', async t => {
  const {peer} = open(t);
  const say = async (stream: number, bytes: Buffer, headers: [string, string][] = []) => {
    peer.request(stream, '/a.B/C', headers);
    peer.frame(frameType.data, flag.endStream, stream, bytes);
    return await statusOf(t, peer, stream);
  };
  const large = Buffer.of(0, 0, 0x4c, 0x4b, 0x41); // one byte more than may be
  t.deepEqual(await say(1, large), [8, 'grpc: received message larger than max (5000001 vs. 5000000)']);
  const gzip: [string, string] = ['grpc-encoding', 'gzip'];
  const compressed = grpcMessage(Buffer.from('x'), true);
  t.deepEqual(await say(3, compressed, [gzip]), [12, 'grpc: Decompressor is not installed for grpc-encoding "gzip"']);
  t.is((await say(5, compressed))[0], 13);
  t.is((await say(7, Buffer.of(2, 0, 0, 0, 0)))[0], 13);
  t.deepEqual(await say(9, grpcMessage(Buffer.from('hello')).subarray(0, 7)), [13, 'grpc: unexpected EOF']);
});

test('an answer that is too large', async t => {
  const {peer} = open(t, async call => {
    const error = await t.throwsAsync(call.send([Buffer.alloc(3_000_000), Buffer.alloc(2_000_001)]));
    t.true(error instanceof CallFailure);
    const {code, message} = error as CallFailure;
    call.finish(code, message);
  });
  peer.request(1, '/a.B/C', [], true);
  t.deepEqual(await statusOf(t, peer, 1), [8, 'grpc: trying to send message larger than max (5000001 vs. 5000000)']);
});

test('a time that is over ends the call', async t => {
  const reasons: string[] = [];
  const {peer} = open(t, async call => {
    await once(call.signal, 'abort');
    reasons.push(call.signal.reason.name);
    t.is(await call.receive(), undefined);
    call.finish(0, 'too late');
  });
  peer.request(1, '/a.B/C', [['grpc-timeout', '5m']]);
  await until(t, () => reasons.length > 0);
  t.deepEqual(await statusOf(t, peer, 1), [4, 'context deadline exceeded']);
  t.deepEqual(reasons, ['TimeoutError']);
  t.deepEqual(['2H', '3M', '4S', '5m', '6000u', '7n', '', '123456789S', '1x'].map(parseTimeout), [
    7_200_000,
    180_000,
    4000,
    5,
    6,
    0.000_007,
    undefined,
    undefined,
    undefined,
  ]);
});

test('a call that is given up, or whose client is gone, is told so', async t => {
  const calls: ServerCall[] = [];
  const ended: unknown[] = [];
  const {peer} = open(t, async call => {
    calls.push(call);
    ended.push(await call.receive());
    await call.send([Buffer.alloc(10)]); // to nobody
    call.finish(0, '');
  });
  for (const stream of [1, 3]) peer.request(stream, '/a.B/C');
  await until(t, () => calls.length === 2);
  peer.frame(frameType.reset, 0, 1, Buffer.of(0, 0, 0, 8));
  await until(t, () => ended.length === 1);
  t.deepEqual(
    calls.map(({signal}) => signal.aborted),
    [true, false],
  );
  peer.destroy();
  await until(t, () => ended.length === 2);
  t.deepEqual([calls[1]?.signal.reason.name, ended], ['AbortError', [undefined, undefined]]);
});

test('a client that reads slowly holds the handler up', async t => {
  let sent = 0;
  const {peer} = open(t, async call => {
    for (; sent < 40; sent++) await call.send([Buffer.alloc(100_000, sent)]);
    call.finish(0, '');
  });
  peer.request(1, '/a.B/C', [], true);
  await until(t, () => peer.body(1).length === 65_535);
  for (let i = 0; i < 50; i++) await new Promise(setImmediate);
  t.true(sent < 8, `${sent}`);
  peer.update(0, 100_000_000);
  peer.update(1, 100_000_000);
  t.is((await statusOf(t, peer, 1))[0], 0);
  t.is(peer.body(1).length, 40 * 100_005);
});

test('messages that nobody takes are not let in without end, and one of any size is', async t => {
  const {promise, resolve} = Promise.withResolvers<void>();
  const sizes: number[] = [];
  const {peer} = open(t, async call => {
    await promise;
    for (let message = await call.receive(); message; message = await call.receive()) sizes.push(message.length);
    call.finish(0, '');
  });
  const credit = () => peer.of(frameType.windowUpdate, 1).reduce((sum, {payload}) => sum + payload.readUInt32BE(0), 0);
  const message = grpcMessage(Buffer.alloc(1_000_000));
  peer.request(1, '/a.B/C');
  for (let i = 0; i < 4; i++) peer.frame(frameType.data, 0, 1, message);
  for (let i = 0; i < 50; i++) await new Promise(setImmediate);
  t.true(credit() <= message.length, `${credit()}`);
  resolve();
  await until(t, () => sizes.length === 4);
  // Larger than the window.
  const large = grpcMessage(Buffer.alloc(5_000_000));
  for (let at = 0; at < large.length; at += 1_000_000) {
    await until(t, () => 4_194_304 + credit() - 4 * message.length - at >= 1_000_000);
    peer.frame(frameType.data, 0, 1, large.subarray(at, at + 1_000_000));
  }
  peer.frame(frameType.data, flag.endStream, 1);
  t.is((await statusOf(t, peer, 1))[0], 0);
  t.is(sizes[4], 5_000_000);
});

test("Node's client: large streams both ways, calls that fail, what is no gRPC, and an end", async t => {
  const {server} = open(t);
  const path = join(tempDir(t), 's');
  const listener = createServer(socket => server.accept(socket)).listen(path);
  await once(listener, 'listening');
  t.teardown(() => listener.close());
  const client = http2.connect('http://x', {createConnection: () => connect(path)});
  const headers = {':method': 'POST', ':path': '/a.B/C', 'content-type': 'application/grpc+proto'};
  // All that can be in a header, so that every symbol of the Huffman code is used.
  const printable = String.fromCharCode(...Array.from({length: 94}, (_, i) => 33 + i));
  const streams = Array.from({length: 20}, async (_, i) => {
    const stream = client.request({...headers, [`x-${i}`]: printable});
    const message = grpcMessage(Buffer.alloc(1_000_000, i));
    stream.end(message);
    const parts: Buffer[] = [];
    stream.on('data', (part: Buffer) => parts.push(part));
    const [[trailers]] = await Promise.all([once(stream, 'trailers'), once(stream, 'end')]);
    return trailers['grpc-status'] === '0' && Buffer.concat(parts).equals(message);
  });
  t.true((await Promise.all(streams)).every(Boolean));
  for (const [more, code] of [
    [{':method': 'GET'}, 405],
    [{'content-type': 'text/plain'}, 415],
  ] as const) {
    const stream = client.request({...headers, ...more}).end();
    const [{':status': status}] = await once(stream, 'response');
    t.is(status, code);
    stream.resume();
  }
  const closed = once(client, 'close');
  await server.shutDown(10_000);
  await closed;
});
