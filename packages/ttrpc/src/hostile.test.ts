/** Raw frames that no well-behaved client sends: the answer is the documented status, and nothing else suffers. */
import {connect, type Socket} from 'node:net';
import {Any} from '@longshore/api/gen/google/protobuf/any';
import {Request, Response} from '@longshore/api/gen/ttrpc/request';
import {callContext} from '@longshore/base';
import test, {type ExecutionContext} from 'ava';
import {connectClient, startServer} from './echo-service.test-helper.ts';
import {encodeFrame, Flag, type Frame, FrameReader, FrameType, maxPayloadLength} from './frame.ts';

/** A peer that writes what it is told and collects the frames that come back. */
class RawPeer {
  readonly socket: Socket;
  readonly #reader = new FrameReader();
  readonly #frames: Frame[] = [];
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', chunk => {
      this.#reader.push(chunk as Buffer);
      for (let frame = this.#reader.next(); frame; frame = this.#reader.next()) this.#frames.push(frame);
      this.#wake?.();
    });
  }

  async next(): Promise<Frame> {
    while (this.#frames.length === 0) {
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
    return this.#frames.shift() as Frame;
  }

  async nextStatus(): Promise<[streamId: number, code: number, message: string]> {
    const frame = await this.next();
    const {status} = Response.decode(frame.payload);
    return [frame.streamId, status?.code ?? 0, status?.message ?? ''];
  }
}

async function rawPeer(t: ExecutionContext, path: string): Promise<RawPeer> {
  const socket = connect({path});
  t.teardown(() => socket.destroy());
  await new Promise(resolve => socket.once('connect', resolve));
  return new RawPeer(socket);
}

function request(id: number, method: string, flags = 0, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
  const message = Request.fromPartial({service: 'longshore.test.Echo', method, payload: Buffer.from(payload)});
  return encodeFrame(id, FrameType.request, flags, Request.encode(message).finish());
}

const hello = Any.encode({typeUrl: 'hello', value: Buffer.alloc(0)}).finish();

test('stream ids must be odd, increase, and be open for data', async t => {
  const {path} = await startServer(t);
  const peer = await rawPeer(t, path);
  peer.socket.write(request(2, 'Echo'));
  t.deepEqual(await peer.nextStatus(), [2, 3, 'StreamID must be odd for client initiated streams']);
  peer.socket.write(request(5, 'Echo', 0, hello));
  t.deepEqual(await peer.nextStatus(), [5, 0, '']);
  for (const id of [5, 3]) {
    peer.socket.write(request(id, 'Echo'));
    t.deepEqual(await peer.nextStatus(), [id, 3, 'StreamID cannot be re-used and must increment']);
  }
  peer.socket.write(encodeFrame(7, FrameType.data, 0, hello));
  t.deepEqual(await peer.nextStatus(), [7, 3, 'StreamID is no longer active']);
  peer.socket.write(request(9, 'Echo', 0, hello));
  t.deepEqual(await peer.nextStatus(), [9, 0, ''], 'the connection is still good');
});

test('undecodable requests, at both levels', async t => {
  const {path} = await startServer(t);
  const peer = await rawPeer(t, path);
  peer.socket.write(encodeFrame(1, FrameType.request, 0, Uint8Array.of(0xff, 0xff, 0xff)));
  const [id, code, message] = await peer.nextStatus();
  t.deepEqual([id, code], [1, 3]);
  t.regex(message, /^unmarshal request error: /);
  peer.socket.write(request(3, 'Echo', 0, Uint8Array.of(0x0a, 0x7f)));
  t.deepEqual((await peer.nextStatus()).slice(0, 2), [3, 3]);
});

test('an oversized request is skipped and answered', async t => {
  const {path} = await startServer(t);
  const peer = await rawPeer(t, path);
  const header = Buffer.from(encodeFrame(1, FrameType.request, 0));
  header.writeUInt32BE(maxPayloadLength + 1, 0);
  peer.socket.write(header);
  peer.socket.write(Buffer.alloc(maxPayloadLength + 1));
  t.deepEqual(await peer.nextStatus(), [1, 8, 'message length 4194305 exceed maximum message size of 4194304']);
  peer.socket.write(request(3, 'Echo', 0, hello));
  t.deepEqual(await peer.nextStatus(), [3, 0, '']);
});

test('unknown frame types are ignored after the id check', async t => {
  const {path} = await startServer(t);
  const peer = await rawPeer(t, path);
  peer.socket.write(encodeFrame(1, 77, 0, hello));
  peer.socket.write(encodeFrame(2, 77, 0, hello));
  t.is((await peer.nextStatus())[0], 2);
});

test('a closing data frame with a payload fails the stream', async t => {
  const {path} = await startServer(t);
  const peer = await rawPeer(t, path);
  peer.socket.write(request(1, 'Collect', Flag.remoteOpen));
  peer.socket.write(encodeFrame(1, FrameType.data, Flag.remoteClosed, hello));
  t.deepEqual(await peer.nextStatus(), [1, 3, 'data close message cannot include data']);
});

test('an empty data frame is a message unless it says that it is none', async t => {
  const {path} = await startServer(t);
  const peer = await rawPeer(t, path);
  peer.socket.write(request(1, 'Chat', Flag.remoteOpen));
  peer.socket.write(encodeFrame(1, FrameType.data, 0));
  t.is(Any.decode((await peer.next()).payload).typeUrl, 'you said ');
  peer.socket.write(encodeFrame(1, FrameType.data, Flag.remoteClosed | Flag.noData));
  t.like(await peer.next(), {streamId: 1, type: FrameType.data, flags: Flag.remoteClosed | Flag.noData});
});

test('a client that does not read its answers is not read from for ever', async t => {
  let served = 0;
  const {path} = await startServer(t, {
    async echo() {
      served++;
      return {value: Buffer.alloc(1024 * 1024)};
    },
  });
  const peer = await rawPeer(t, path);
  peer.socket.pause();
  // One read of the server's takes 64 KiB at most: what such a read holds is served, then the limit is looked at.
  const padding = Any.encode({typeUrl: '', value: Buffer.alloc(60_000)}).finish();
  for (let i = 0; i < 200; i++) peer.socket.write(request(2 * i + 1, 'Echo', 0, padding));
  const {echo} = await connectClient(t, path);
  await echo.echo(callContext(), {});
  t.true(served < 20, `${served} answers were made for nobody`);
  peer.socket.resume();
  for (let i = 0; i < 200; i++) await peer.next();
  t.is(served, 201);
});

test('100,000 random and mutated frames never end the server or hang it', async t => {
  const {path} = await startServer(t);
  const random = lcg(20260727);
  const pattern = () => {
    const base = request(random(12), ['Echo', 'Count', 'Collect', 'Chat', 'Nope'][random(5)] ?? '', random(8), hello);
    const kind = random(4);
    if (kind === 0) return base;
    if (kind === 1) return encodeFrame(random(12), random(6), random(256), base.subarray(0, random(base.length)));
    const bytes = Buffer.from(base);
    for (let i = 0; i < 1 + random(4); i++)
      bytes[kind === 2 ? 10 + random(bytes.length - 10) : 4 + random(6)] = random(256);
    return bytes;
  };
  for (let round = 0; round < 200; round++) {
    const peer = await rawPeer(t, path);
    for (let i = 0; i < 500; i++) peer.socket.write(pattern());
    if (round % 2) peer.socket.write(Buffer.from(Array.from({length: 50}, () => random(256))));
    if (round % 3) peer.socket.end();
    else peer.socket.destroy();
    if (round % 3) await new Promise(resolve => peer.socket.once('close', resolve));
  }
  const {echo} = await connectClient(t, path);
  t.is((await echo.echo(callContext(), {typeUrl: 'alive'})).typeUrl, 'alive');
});

/** Repeatable pseudo-random numbers below `limit`. */
function lcg(seed: number): (limit: number) => number {
  let state = seed;
  return limit => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
