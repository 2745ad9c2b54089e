import {Buffer} from 'node:buffer';
import test, {type ExecutionContext} from 'ava';
import {Http2Peer, requestBlock} from '../../test-support/http2-peer.ts';
import {encodeFrame, encodeSettings, errorCode, flag, frameType, preface, setting} from './frames.ts';
import {encodeHeaderBlock} from './header-encoder.ts';
import {Session} from './session.ts';
import type {ServerStream} from './stream.ts';

const okBlock = encodeHeaderBlock([[':status', '200']]);
const endBlock = encodeHeaderBlock([['done', 'yes']]);

class Noted {
  readonly stream: ServerStream;
  received = 0;
  events: string[] = [];
  constructor(stream: ServerStream) {
    this.stream = stream;
    stream.handler = this;
  }
  onData(piece: Buffer): void {
    this.received += piece.length;
  }
  onEnd(): void {
    this.events.push('end');
  }
  onAbort(): void {
    this.events.push('abort');
  }
  onSent(): void {}
}

function open(t: ExecutionContext, greets = true) {
  const streams = new Map<number, Noted>();
  const violations: string[] = [];
  let session: Session | undefined;
  const peer = new Http2Peer(socket => {
    session = new Session(socket, {
      onStream: stream => streams.set(stream.id, new Noted(stream)),
      onClose: () => {},
      onViolation: error => violations.push(error.message),
    });
  }, greets);
  t.teardown(() => peer.destroy());
  const at = (id: number) => streams.get(id) as Noted;
  return {peer, streams, at, violations, session: session as unknown as Session};
}

async function until(t: ExecutionContext, condition: () => boolean): Promise<void> {
  for (let i = 0; i < 10_000 && !condition(); i++) await new Promise(setImmediate);
  t.true(condition());
}

test('a request comes in pieces of any size, and its answer in frames', async t => {
  const {peer, at, streams} = open(t, false);
  await peer.drip(Buffer.concat([preface, encodeSettings([])]));
  await peer.drip(encodeFrame(frameType.headers, flag.endHeaders, 1, requestBlock('/a', [['x', 'y']])));
  await peer.drip(encodeFrame(frameType.data, 0, 1, Buffer.from('hello')));
  await peer.drip(encodeFrame(frameType.data, flag.padded, 1, Buffer.from('\u0003 world\0\0\0')));
  await peer.drip(encodeFrame(frameType.data, flag.endStream, 1, Buffer.alloc(0)));
  await until(t, () => streams.size === 1);
  const {stream, events} = at(1);
  t.deepEqual([stream.headers.get(':path'), stream.headers.get('x')], ['/a', 'y']);
  t.deepEqual([at(1).received, events], [11, ['end']]);
  stream.respond(okBlock);
  stream.write([Buffer.alloc(20_000, 'a'), Buffer.alloc(20_000, 'b')]);
  stream.end(endBlock);
  await until(t, () => peer.headers(1).done === 'yes');
  t.deepEqual(peer.headers(1), {':status': '200', done: 'yes'});
  t.true(peer.body(1).equals(Buffer.concat([Buffer.alloc(20_000, 'a'), Buffer.alloc(20_000, 'b')])));
  t.true(peer.of(frameType.data, 1).every(({payload}) => payload.length <= 16_384));
  t.is(peer.of(frameType.settings)[1]?.flags, flag.ack);
  t.is(peer.resetOf(1), undefined);
});

test('headers over several frames, with padding and priority', async t => {
  const {peer, at, streams} = open(t);
  const block = requestBlock('/long', [['x', 'y'.repeat(100)]]);
  const flags = flag.padded | flag.priority | flag.endStream;
  const first = Buffer.concat([Buffer.of(2), Buffer.alloc(5), block.subarray(0, 10), Buffer.alloc(2)]);
  peer.frame(frameType.headers, flags, 1, first);
  peer.frame(frameType.continuation, 0, 1, block.subarray(10, 20));
  peer.frame(frameType.continuation, flag.endHeaders, 1, block.subarray(20));
  await until(t, () => streams.size === 1);
  t.is(at(1).stream.headers.get('x')?.length, 100);
  t.deepEqual(at(1).events, ['end']);
});

test('nothing is sent beyond the windows, whichever the client widens and however often', async t => {
  const {peer, at, streams} = open(t);
  peer.request(1, '/a', [], true);
  await until(t, () => streams.size === 1);
  const {stream} = at(1);
  stream.write([Buffer.alloc(1_000_000, 'x')]);
  stream.end(endBlock);
  const quiet = async (size: number) => {
    await until(t, () => peer.body(1).length === size);
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    t.is(peer.body(1).length, size);
  };
  await quiet(65_535);
  peer.update(1, 100_000); // the connection has none left
  await quiet(65_535);
  peer.update(0, 10_000);
  await quiet(75_535);
  peer.update(0, 2_000_000);
  await quiet(165_535);
  peer.write(encodeSettings([[setting.initialWindow, 100_000]])); // for open streams too
  await quiet(200_000);
  peer.write(encodeSettings([[setting.initialWindow, 0]])); // below what was sent
  peer.update(1, 50_000);
  await quiet(200_000);
  peer.update(1, 100_000);
  await quiet(250_000);
  peer.write(encodeSettings([[setting.maxFrameSize, 1 << 20]]));
  peer.update(1, 750_000);
  await until(t, () => peer.headers(1).done === 'yes');
  t.is(peer.body(1).length, 1_000_000);
  t.true(peer.of(frameType.data, 1).some(({payload}) => payload.length > 500_000));
});

test('streams take turns', async t => {
  const {peer, at, streams} = open(t);
  peer.write(encodeSettings([[setting.initialWindow, 10_000_000]]));
  peer.update(0, 50_000_000);
  for (const id of [1, 3, 5]) peer.request(id, '/a', [], true);
  await until(t, () => streams.size === 3);
  for (const id of [1, 3, 5]) at(id).stream.write([Buffer.alloc(200_000)]);
  await until(t, () => [1, 3, 5].every(id => peer.body(id).length === 200_000));
  t.deepEqual(
    peer
      .of(frameType.data)
      .slice(0, 6)
      .map(({stream}) => stream),
    [1, 3, 5, 1, 3, 5],
  );
});

test('what is taken may be sent again, and not more', async t => {
  const {peer, at, streams, violations} = open(t);
  peer.request(1, '/a');
  await until(t, () => streams.size === 1);
  const {stream} = at(1);
  const send = (count: number) => {
    for (let i = 0; i < count; i++) peer.frame(frameType.data, 0, 1, Buffer.alloc(1 << 20));
  };
  send(4);
  await until(t, () => at(1).received === 4 << 20);
  stream.credit(3 << 20);
  await until(t, () => peer.of(frameType.windowUpdate, 1).length > 0);
  send(3);
  await until(t, () => at(1).received === 7 << 20);
  t.deepEqual(violations, []);
  peer.frame(frameType.data, 0, 1, Buffer.alloc(1));
  await until(t, () => peer.resetOf(1) === errorCode.flowControl);
  t.deepEqual(at(1).events, ['abort']);
  // The connection lives on, and ignores what was on its way.
  peer.frame(frameType.data, 0, 1, Buffer.alloc(100));
  peer.frame(frameType.ping, 0, 0, Buffer.from('12345678'));
  await until(t, () => peer.of(frameType.ping).length === 1);
  t.is(String(peer.of(frameType.ping)[0]?.payload), '12345678');
  t.is(peer.goAway, undefined);
});

test('a stream that is answered before it was all said is reset without an error', async t => {
  const {peer, at, streams} = open(t);
  peer.request(1, '/a');
  await until(t, () => streams.size === 1);
  at(1).stream.end(okBlock);
  await until(t, () => peer.resetOf(1) === errorCode.none);
  t.is(at(1).stream.isClosed, true);
});

test('a reset and a lost connection reach who answers', async t => {
  const {peer, at, streams} = open(t);
  for (const id of [1, 3]) peer.request(id, '/a');
  await until(t, () => streams.size === 2);
  peer.frame(frameType.reset, 0, 1, Buffer.alloc(4));
  await until(t, () => at(1).events.length > 0);
  t.deepEqual([at(1).events, at(3).events], [['abort'], []]);
  at(1).stream.write([Buffer.alloc(10)]); // too late, and harmless
  at(1).stream.end(endBlock);
  peer.destroy();
  await until(t, () => at(3).events.length > 0);
  t.deepEqual(peer.body(1).length, 0);
});

test('shut down: no new streams, an end after the last', async t => {
  const {peer, at, streams, session} = open(t);
  peer.request(1, '/a', [], true);
  await until(t, () => streams.size === 1);
  session.shutDown();
  await until(t, () => peer.goAway === errorCode.none);
  peer.request(3, '/a', [], true);
  await until(t, () => peer.resetOf(3) === errorCode.refusedStream);
  t.false(peer.isClosed);
  at(1).stream.end(okBlock);
  await until(t, () => peer.isClosed);
  t.is(peer.headers(1)[':status'], '200');
});

const {protocol, flowControl, frameSize, compression, enhanceYourCalm, streamClosed} = errorCode;
const request = (peer: Http2Peer, id = 1) => peer.request(id, '/a');

/** What a client may not do, and how its connection ends. */
const violations: Record<string, [code: number, act: (peer: Http2Peer) => void]> = {
  'data of a stream that is idle': [protocol, peer => peer.frame(frameType.data, 0, 1)],
  'data of the connection': [protocol, peer => peer.frame(frameType.data, 0, 0)],
  'a stream of even number': [protocol, peer => request(peer, 2)],
  'a reset of an idle stream': [protocol, peer => peer.frame(frameType.reset, 0, 9, Buffer.alloc(4))],
  'a reset of 3 bytes': [frameSize, peer => peer.frame(frameType.reset, 0, 1, Buffer.alloc(3))],
  'a window of an idle stream': [protocol, peer => peer.update(7, 1)],
  'no more window': [protocol, peer => peer.update(0, 0)],
  'too much window': [flowControl, peer => peer.update(0, 2 ** 31 - 1)],
  'settings of a stream': [protocol, peer => peer.frame(frameType.settings, 0, 1)],
  'settings of 5 bytes': [frameSize, peer => peer.frame(frameType.settings, 0, 0, Buffer.alloc(5))],
  'an acknowledgement that says something': [frameSize, peer => peer.frame(frameType.settings, 1, 0, Buffer.alloc(6))],
  'a window beyond all': [flowControl, peer => peer.write(encodeSettings([[setting.initialWindow, 2 ** 31]]))],
  'frames of 100 bytes': [protocol, peer => peer.write(encodeSettings([[setting.maxFrameSize, 100]]))],
  'many settings': [enhanceYourCalm, peer => peer.frame(frameType.settings, 0, 0, Buffer.alloc(6 * 100))],
  'a ping of 7 bytes': [frameSize, peer => peer.frame(frameType.ping, 0, 0, Buffer.alloc(7))],
  'a ping of a stream': [protocol, peer => peer.frame(frameType.ping, 0, 1, Buffer.alloc(8))],
  'a push': [protocol, peer => peer.frame(frameType.pushPromise, flag.endHeaders, 1, Buffer.alloc(8))],
  'a priority of 4 bytes': [frameSize, peer => peer.frame(frameType.priority, 0, 1, Buffer.alloc(4))],
  'a GOAWAY of 7 bytes': [frameSize, peer => peer.frame(frameType.goAway, 0, 0, Buffer.alloc(7))],
  'a frame that is too long': [frameSize, peer => peer.write(Buffer.from('100001000000000001', 'hex'))],
  'more padding than there is': [
    protocol,
    peer => {
      request(peer);
      peer.frame(frameType.data, flag.padded, 1, Buffer.of(5, 0, 0));
    },
  ],
  'padding without its length': [frameSize, peer => peer.frame(frameType.headers, flag.padded, 1)],
  'headers without their priority': [frameSize, peer => peer.frame(frameType.headers, flag.priority, 1, Buffer.of(1))],
  'headers that cannot be read': [compression, peer => peer.frame(frameType.headers, 4, 1, Buffer.of(0x80))],
  'CONTINUATION of nothing': [protocol, peer => peer.frame(frameType.continuation, 4, 1)],
  'another frame among headers': [
    protocol,
    peer => {
      peer.frame(frameType.headers, 0, 1, requestBlock('/a'));
      peer.frame(frameType.ping, 0, 0, Buffer.alloc(8));
    },
  ],
  'data among headers': [
    protocol,
    peer => {
      request(peer);
      peer.frame(frameType.headers, 0, 3, requestBlock('/a'));
      peer.frame(frameType.data, 0, 1);
    },
  ],
  'headers without end': [
    enhanceYourCalm,
    peer => {
      peer.frame(frameType.headers, 0, 1, requestBlock('/a'));
      for (let i = 0; i < 1100; i++) peer.frame(frameType.continuation, 0, 1);
    },
  ],
  'headers that are too long': [
    enhanceYourCalm,
    peer => {
      peer.frame(frameType.headers, 0, 1, requestBlock('/a'));
      for (let i = 0; i < 20; i++) peer.frame(frameType.continuation, 0, 1, Buffer.alloc(16_000));
    },
  ],
};

for (const [what, [code, act]] of Object.entries(violations)) {
  test(`the connection ends with ${what}`, async t => {
    const {peer} = open(t);
    act(peer);
    await until(t, () => peer.goAway !== undefined && peer.isClosed);
    t.is(peer.goAway, code);
  });
}

for (const [what, bytes] of Object.entries({
  'no HTTP/2': Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n'),
  'no settings': Buffer.concat([preface, encodeFrame(frameType.ping, 0, 0, Buffer.alloc(8))]),
})) {
  test(`the connection ends with ${what}`, async t => {
    const {peer} = open(t, false);
    peer.write(bytes);
    await until(t, () => peer.goAway === protocol && peer.isClosed);
  });
}

/** What costs a client its stream only. */
const faults: Record<string, [code: number, act: (peer: Http2Peer) => void]> = {
  'data after the end': [
    streamClosed,
    peer => {
      peer.request(1, '/a', [], true);
      peer.frame(frameType.data, 0, 1, Buffer.alloc(1));
    },
  ],
  'headers after the end': [
    streamClosed,
    peer => {
      peer.request(1, '/a', [], true);
      peer.frame(frameType.headers, flag.endHeaders | flag.endStream, 1, endBlock);
    },
  ],
  'trailers that are not the end': [
    protocol,
    peer => {
      request(peer);
      peer.frame(frameType.headers, flag.endHeaders, 1, endBlock);
    },
  ],
  'no more window': [
    protocol,
    peer => {
      request(peer);
      peer.update(1, 0);
    },
  ],
  'too much window': [
    flowControl,
    peer => {
      request(peer);
      peer.update(1, 2 ** 31 - 1);
    },
  ],
  'headers that are no request': [protocol, peer => peer.frame(frameType.headers, flag.endHeaders, 1, endBlock)],
};

for (const [what, [code, act]] of Object.entries(faults)) {
  test(`a stream ends with ${what}, and others go on`, async t => {
    const {peer, streams} = open(t);
    act(peer);
    await until(t, () => peer.resetOf(1) === code);
    request(peer, 3);
    await until(t, () => streams.has(3));
    t.is(peer.goAway, undefined);
  });
}

test('a client that reads no answers is not read either', async t => {
  const {peer} = open(t);
  peer.pause();
  const pings = Buffer.concat(Array.from({length: 1000}, () => encodeFrame(frameType.ping, 0, 0, Buffer.alloc(8))));
  for (let i = 0; i < 300; i++) {
    peer.write(pings);
    await new Promise(setImmediate);
  }
  t.true(peer.of(frameType.ping).length < 300_000);
  peer.resume();
  await until(t, () => peer.of(frameType.ping).length === 300_000);
});
