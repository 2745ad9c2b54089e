import {connect, createServer, type Socket} from 'node:net';
import {PassThrough, Writable} from 'node:stream';
import {DetachDetector, parseDetachKeys} from '@longshore/term';
import test from 'ava';
import {FrameParser} from './frames.ts';
import {pump} from './pump.ts';

function frame(stream: number, text: string): Buffer {
  const head = Buffer.alloc(8);
  head[0] = stream;
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

test('frames come apart wherever the bytes are cut', t => {
  const bytes = Buffer.concat([frame(1, 'out'), frame(2, 'err'), frame(1, ''), frame(1, 'more')]);
  for (let size = 1; size <= bytes.length; size++) {
    const parser = new FrameParser();
    const texts = {stdin: '', stdout: '', stderr: '', system: ''};
    for (let at = 0; at < bytes.length; at += size) {
      for (const {stream, data} of parser.push(bytes.subarray(at, at + size))) texts[stream] += data;
    }
    t.deepEqual(texts, {stdin: '', stdout: 'outmore', stderr: 'err', system: ''});
  }
});

test('what is no frame is an error', t => {
  t.throws(() => [...new FrameParser().push(Buffer.from('hello, world'))], {message: /Unrecognized input header: 104/});
});

test('detach keys by name', t => {
  t.deepEqual([...parseDetachKeys('ctrl-p,ctrl-q')], [16, 17]);
  t.deepEqual([...parseDetachKeys('a,ctrl-@,ctrl-[')], [97, 0, 27]);
  t.is(t.throws(() => parseDetachKeys('ctrl-!')).message, "Unknown character: 'ctrl-!'");
});

test('typed keys pass until the sequence is complete', t => {
  const type = (...pieces: string[]) => {
    const detector = new DetachDetector(parseDetachKeys('ctrl-p,ctrl-q'));
    let passed = '';
    for (const piece of pieces) {
      const {pass, isDetached} = detector.push(Buffer.from(piece));
      passed += pass;
      if (isDetached) return `${passed}!`;
    }
    return passed;
  };
  t.is(type('ab'), 'ab');
  t.is(type('a\x10', '\x11b'), 'a!');
  t.is(type('a\x10', 'b'), 'a\x10b');
  t.is(type('\x10\x10\x11'), '\x10!');
  t.is(type('\x10'), '', 'a beginning is held back');
});

/** A connected pair of sockets. */
async function socketPair(): Promise<[Socket, Socket]> {
  const server = createServer({allowHalfOpen: true});
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const {port} = server.address() as {port: number};
  const accepted = new Promise<Socket>(resolve => server.once('connection', resolve));
  const client = connect({port, host: '127.0.0.1', allowHalfOpen: true});
  const other = await accepted;
  server.close();
  return [client, other];
}

class Collector extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk;
    done();
  }
}

test('input ends with half a close, output goes on', async t => {
  const [socket, engine] = await socketPair();
  const [stdin, stdout, stderr] = [new PassThrough(), new Collector(), new Collector()];
  const done = pump({socket, first: frame(2, 'early '), stdin, stdout, stderr, isMultiplexed: true});
  let received = '';
  engine.on('data', chunk => {
    received += chunk;
  });
  engine.on('end', () => {
    engine.write(frame(1, `got ${received}`));
    engine.end(frame(2, 'bye'));
  });
  stdin.end('input');
  t.is(await done, 'ended');
  t.is(stdout.text, 'got input');
  t.is(stderr.text, 'early bye');
});

test('without input the connection is half-closed at once', async t => {
  const [socket, engine] = await socketPair();
  const stdout = new Collector();
  const done = pump({socket, first: Buffer.alloc(0), stdout, stderr: new Collector(), isMultiplexed: false});
  engine.on('end', () => engine.end('raw bytes')).resume();
  t.is(await done, 'ended');
  t.is(stdout.text, 'raw bytes');
});

test('the detach keys leave, and nothing of them is sent', async t => {
  const [socket, engine] = await socketPair();
  const stdin = new PassThrough();
  let received = '';
  engine.on('data', chunk => {
    received += chunk;
  });
  const closed = new Promise(resolve => engine.on('end', resolve));
  const detachKeys = parseDetachKeys('ctrl-p,ctrl-q');
  const done = pump({
    socket,
    first: Buffer.alloc(0),
    stdin,
    stdout: new Collector(),
    stderr: new Collector(),
    isMultiplexed: false,
    detachKeys,
  });
  stdin.write('ls\r\x10\x11never');
  t.is(await done, 'detached');
  await closed;
  t.is(received, 'ls\r');
});
