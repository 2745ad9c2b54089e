import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import http2 from 'node:http2';
import {createServer, Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Duplex} from 'node:stream';
import {setTimeout as delay} from 'node:timers/promises';
import test from 'ava';
import {withExactWindows} from './http2-windows.ts';

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

const settings = (...pairs: [id: number, value: number][]) => {
  const payload = Buffer.alloc(pairs.length * 6);
  pairs.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, i * 6);
    payload.writeUInt32BE(value, i * 6 + 2);
  });
  return frame(4, 0, 0, payload);
};
const headers = (stream: number, flags = 4) => frame(1, flags, stream, Buffer.from('abc'));
const data = (stream: number, text: string) => frame(0, 0, stream, Buffer.from(text));
const update = (stream: number, value: number) => {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return frame(8, 0, stream, payload);
};

/** A socket whose other end is this test. */
class FakeSocket extends Duplex {
  written: Buffer[] = [];
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(chunk);
    done();
  }
}

/** What the server sees of what the client sends, whatever the pieces; `between` is what the server sends meanwhile. */
async function seen(bytes: Buffer, size: number, between: {after: number; bytes: Buffer}[] = []): Promise<Buffer> {
  const socket = new FakeSocket();
  const filter = withExactWindows(socket as unknown as Socket);
  const parts: Buffer[] = [];
  filter.on('data', (part: Buffer) => parts.push(part));
  const answers = [...between];
  for (let at = 0; at < bytes.length; at += size) {
    while (answers[0] && at >= answers[0].after) filter.write(answers.shift()?.bytes as Buffer);
    await new Promise(setImmediate);
    socket.push(bytes.subarray(at, at + size));
    await new Promise(setImmediate);
  }
  socket.push(null);
  await once(filter, 'end');
  return Buffer.concat(parts);
}

const scenarios: [name: string, sent: Buffer[], expected: Buffer[]][] = [
  [
    'nothing to change',
    [settings([1, 4096]), headers(1), data(1, 'x')],
    [settings([1, 4096]), headers(1), data(1, 'x')],
  ],
  [
    'a larger window from the start',
    [settings([3, 100], [4, 100_000], [5, 16_384]), headers(1), data(1, 'hello'), headers(3, 5)],
    [
      settings([3, 100], [5, 16_384]),
      headers(1),
      update(1, 34_465),
      data(1, 'hello'),
      headers(3, 5),
      update(3, 34_465),
    ],
  ],
  [
    'windows that grow with streams open',
    [settings(), headers(1), headers(3), settings([4, 70_000]), data(1, 'x'), settings([4, 100_000]), headers(5)],
    [
      ...[settings(), headers(1), headers(3), settings(), update(1, 4465), update(3, 4465), data(1, 'x')],
      ...[settings(), update(1, 30_000), update(3, 30_000), headers(5), update(5, 34_465)],
    ],
  ],
  [
    'headers in several frames, and trailers',
    [settings([4, 65_536]), headers(1, 0), frame(9, 4, 1, Buffer.from('rest')), data(1, 'x'), headers(1, 5)],
    [settings(), headers(1, 0), frame(9, 4, 1, Buffer.from('rest')), update(1, 1), data(1, 'x'), headers(1, 5)],
  ],
  [
    'a stream that the client resets',
    [headers(1), headers(3), frame(3, 0, 1, Buffer.alloc(4)), settings([4, 65_536])],
    [headers(1), headers(3), frame(3, 0, 1, Buffer.alloc(4)), settings(), update(3, 1)],
  ],
  [
    'a client that shrinks windows is left alone',
    [headers(1), settings([4, 1000]), settings([4, 100_000]), headers(3)],
    [headers(1), settings([4, 1000]), settings([4, 100_000]), headers(3)],
  ],
];

for (const [name, sent, expected] of scenarios) {
  test(name, async t => {
    for (const size of [1, 2, 7, 9, 10, 33, 1000]) {
      const got = await seen(Buffer.concat([preface, ...sent]), size);
      t.deepEqual(got, Buffer.concat([preface, ...expected]), `pieces of ${size}`);
    }
  });
}

test('a stream that the server has ended gets no more', async t => {
  const first = Buffer.concat([preface, headers(1), headers(3)]);
  const ended = Buffer.concat([headers(1), data(1, 'body'), headers(1, 5)]);
  const got = await seen(Buffer.concat([first, settings([4, 65_536])]), first.length, [
    {after: first.length, bytes: ended.subarray(0, 30)},
    {after: first.length, bytes: ended.subarray(30)},
  ]);
  t.deepEqual(got, Buffer.concat([first, settings(), update(3, 1)]));
});

test('a client that raises its window in the middle gets everything', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'ls-h2-'));
  const total = 8_000_000;
  const server = http2.createServer();
  server.on('stream', (stream: http2.ServerHttp2Stream) => {
    stream.respond({':status': 200});
    stream.end(Buffer.alloc(total, 'x'));
  });
  const listener = createServer(socket => server.emit('connection', withExactWindows(socket)));
  listener.listen(join(directory, 's.sock'));
  await once(listener, 'listening');
  const socket = new Socket().connect(join(directory, 's.sock'));
  const client = http2.connect('http://x', {createConnection: () => socket});
  t.teardown(() => {
    client.destroy();
    listener.close();
    rmSync(directory, {recursive: true});
  });
  const request = client.request({':path': '/'});
  let received = 0;
  let raises = 0;
  request.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received < (raises + 1) * 200_000 || raises >= 5) return;
    raises++;
    request.pause();
    client.settings({initialWindowSize: 65_535 * 2 ** raises});
    void delay(20).then(() => request.resume());
  });
  await once(request, 'end');
  t.is(received, total);
  t.is(raises, 5);
});
