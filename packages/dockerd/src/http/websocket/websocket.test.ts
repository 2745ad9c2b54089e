import {createHash} from 'node:crypto';
import test from 'ava';
import {FrameReader, opcodes, ProtocolError} from './frame-reader.ts';
import {WebsocketClient} from './websocket-client.ts';

type FrameOptions = {final?: boolean; masked?: boolean; reserved?: number};

/** A frame as clients send it. */
function frame(
  opcode: number,
  payload: Buffer | string,
  {final = true, masked = true, reserved = 0}: FrameOptions = {},
) {
  const data = Buffer.from(payload);
  const mask = Buffer.from([1, 2, 3, 4]);
  const length =
    data.length < 126
      ? Buffer.from([data.length])
      : data.length < 65_536
        ? Buffer.from([126, data.length >> 8, data.length & 0xff])
        : Buffer.concat([
            Buffer.from([127, 0, 0, 0, 0]),
            Buffer.from([0, data.length >> 16, (data.length >> 8) & 0xff, data.length & 0xff]),
          ]);
  length[0] = (length[0] as number) | (masked ? 0x80 : 0);
  const head = Buffer.concat([Buffer.from([(final ? 0x80 : 0) | reserved | opcode]), length]);
  if (!masked) return Buffer.concat([head, data]);
  return Buffer.concat([head, mask, data.map((byte, i) => byte ^ (mask[i & 3] as number))]);
}

function received(reader: FrameReader, ...chunks: Buffer[]): string {
  const events = chunks.flatMap(chunk => reader.push(chunk));
  return events.map(event => (event.type === 'data' ? String(event.payload) : `<${event.type}>`)).join('');
}

test('payloads of every length, in pieces of every size', t => {
  for (const length of [0, 1, 125, 126, 127, 65_535, 65_536, 70_001]) {
    const payload = 'abcdefg'.repeat(length / 7 + 1).slice(0, length);
    const data = Buffer.concat([frame(opcodes.binary, payload), frame(opcodes.ping, 'x'), frame(opcodes.text, 'end')]);
    for (const size of [1, 3, 1000, data.length]) {
      const chunks = Array.from({length: Math.ceil(data.length / size)}, (_e, i) =>
        data.subarray(i * size, (i + 1) * size),
      );
      t.is(received(new FrameReader(), ...chunks), `${payload}<ping>end`, `${length} in ${size}`);
    }
  }
});

test('fragments with a ping between them are one message', t => {
  const text = Buffer.from('häuser');
  const reader = new FrameReader();
  const first = frame(opcodes.text, text.subarray(0, 2), {final: false});
  const rest = [frame(opcodes.ping, ''), frame(opcodes.continuation, text.subarray(2))];
  const events = [first, ...rest].flatMap(chunk => reader.push(chunk));
  t.deepEqual(
    events.map(({type}) => type),
    ['data', 'ping', 'data'],
  );
  t.is(Buffer.concat(events.flatMap(event => (event.type === 'data' ? event.payload : []))).toString(), 'häuser');
});

const broken: [what: string, frames: Buffer[], code: number][] = [
  ['no mask', [frame(opcodes.text, 'a', {masked: false})], 1002],
  ['reserved bits', [frame(opcodes.text, 'a', {reserved: 0x40})], 1002],
  ['an unknown opcode', [frame(3, 'a')], 1002],
  ['an unknown control opcode', [frame(11, 'a')], 1002],
  ['a fragmented ping', [frame(opcodes.ping, 'a', {final: false})], 1002],
  ['a long ping', [frame(opcodes.ping, 'a'.repeat(126))], 1002],
  ['a continuation of nothing', [frame(opcodes.continuation, 'a')], 1002],
  ['a message in a message', [frame(opcodes.text, 'a', {final: false}), frame(opcodes.text, 'b')], 1002],
  ['text that is not UTF-8', [frame(opcodes.text, Buffer.from([0xc3, 0x28]))], 1007],
  ['text that ends in the middle', [frame(opcodes.text, Buffer.from([0xc3]))], 1007],
  ['half a status code', [frame(opcodes.close, 'a')], 1002],
  ['a status code that may not be sent', [frame(opcodes.close, Buffer.from([1006 >> 8, 1006 & 0xff]))], 1002],
  ['a length beyond all measure', [Buffer.from([0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4])], 1009],
];

for (const [what, frames, code] of broken) {
  test(`refused: ${what}`, t => {
    const reader = new FrameReader();
    const error = t.throws(() => frames.flatMap(each => reader.push(each)), {instanceOf: ProtocolError});
    t.is(error.code, code);
  });
}

function fakeConnection(chunks: Buffer[]) {
  const written: Buffer[] = [];
  const waiting = [...chunks];
  const connection = {
    closed: new AbortController().signal,
    pending: 0,
    drained: async () => {},
    read: async () => waiting.shift(),
    write: (data: Buffer) => written.push(Buffer.from(data)) > 0,
    close: async () => {},
    destroy: () => {},
  };
  return {connection: connection as never, written: () => Buffer.concat(written).toString('hex')};
}

test('input, a ping that is answered, and a close that is answered', async t => {
  const close = frame(opcodes.close, Buffer.from([1001 >> 8, 1001 & 0xff]));
  const {connection, written} = fakeConnection([frame(opcodes.text, 'in'), frame(opcodes.ping, 'p'), close]);
  const client = new WebsocketClient(connection, {asText: false, wantsInput: true});
  t.is(String(await client.read()), 'in');
  t.is(await client.read(), undefined);
  t.true(client.closed.aborted);
  client.write('stdout', Buffer.from('too late'));
  await client.close();
  t.is(written(), '8a0170' + '880203e9');
});

test('output is one message a piece: binary, or text that no character is cut in', async t => {
  const binary = fakeConnection([]);
  new WebsocketClient(binary.connection, {asText: false, wantsInput: false}).write('stdout', Buffer.from([0xc3]));
  t.is(binary.written(), '8201c3');
  const text = fakeConnection([]);
  const client = new WebsocketClient(text.connection, {asText: true, wantsInput: false});
  for (const byte of Buffer.from('hé')) client.write('stdout', Buffer.from([byte]));
  t.is(text.written(), '810168' + '8102c3a9');
});

test('the key of the RFC gives its answer', t => {
  // What acceptHandshake does, with the numbers of RFC 6455 section 1.3.
  const digest = createHash('sha1').update('dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11');
  t.is(digest.digest('base64'), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
});
