import test from 'ava';
import {encodeFrame, type Frame, FrameReader, FrameType, maxPayloadLength} from './frame.ts';

function readAll(chunks: Uint8Array[]): Frame[] {
  const reader = new FrameReader();
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let frame = reader.next(); frame; frame = reader.next()) frames.push(frame);
  }
  return frames;
}

test('a frame has the documented layout', t => {
  const frame = encodeFrame(0x01020305, FrameType.data, 5, Uint8Array.of(0xaa, 0xbb));
  t.is(Buffer.from(frame).toString('hex'), '00000002' + '01020305' + '03' + '05' + 'aabb');
});

test('frames survive any fragmentation', t => {
  const payloads = [0, 1, 9, 10, 11, 5000].map((length, i) => Buffer.alloc(length, i));
  const bytes = Buffer.concat(payloads.map((payload, i) => encodeFrame(2 * i + 1, FrameType.request, 0, payload)));
  for (const size of [1, 2, 3, 7, 10, 11, 4096, bytes.length]) {
    const chunks: Buffer[] = [];
    for (let i = 0; i < bytes.length; i += size) chunks.push(bytes.subarray(i, i + size));
    const frames = readAll(chunks);
    t.deepEqual(
      frames.map(frame => [frame.streamId, Buffer.from(frame.payload)]),
      payloads.map((payload, i) => [2 * i + 1, payload]),
      `chunks of ${size} bytes`,
    );
  }
});

test('the largest payload passes, one more byte is refused by the sender', t => {
  const frames = readAll([encodeFrame(1, FrameType.data, 0, new Uint8Array(maxPayloadLength))]);
  t.is(frames[0]?.payload.length, maxPayloadLength);
  t.throws(() => encodeFrame(1, FrameType.data, 0, new Uint8Array(maxPayloadLength + 1)), {
    message: 'message length 4194305 exceed maximum message size of 4194304',
  });
});

test('an oversized payload is skipped exactly, and the next frame is read', t => {
  const header = Buffer.from(encodeFrame(7, FrameType.request, 0));
  header.writeUInt32BE(maxPayloadLength + 3, 0);
  const rest = new Uint8Array(maxPayloadLength + 3);
  const frames = readAll([
    header,
    rest.subarray(0, 100_000),
    rest.subarray(100_000),
    encodeFrame(9, FrameType.data, 4),
  ]);
  t.is(frames.length, 2);
  t.like(frames[0], {streamId: 7, discarded: maxPayloadLength + 3});
  t.is(frames[0]?.payload.length, 0);
  t.like(frames[1], {streamId: 9, type: FrameType.data, flags: 4});
});
