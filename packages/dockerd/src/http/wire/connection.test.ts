/** The wire over real sockets: what clients of every age send. */

import {mkdtempSync, rmSync} from 'node:fs';
import net from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {aborted} from '@longshore/base';
import test, {type ExecutionContext} from 'ava';
import {type Exchange, serveConnection} from './connection.ts';

type Client = {socket: net.Socket; text: () => string; until: (end: string) => Promise<string>; closed: Promise<void>};

async function serve(t: ExecutionContext, handle: (exchange: Exchange) => Promise<void>): Promise<() => Client> {
  const path = join(mkdtempSync(join(tmpdir(), 'ls-http-')), 's');
  const sockets = new Set<net.Socket>();
  const server = net.createServer({allowHalfOpen: true}, socket => {
    sockets.add(socket);
    serveConnection(socket, handle);
  });
  await new Promise<void>(resolve => server.listen(path, resolve));
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
    rmSync(join(path, '..'), {recursive: true});
  });
  return () => {
    const client = connect(path);
    t.teardown(() => client.socket.destroy());
    return client;
  };
}

function connect(path: string): Client {
  const socket = net.connect({path, allowHalfOpen: true});
  let text = '';
  let wake = () => {};
  const closed = new Promise<void>(resolve => {
    socket.on('end', () => {
      resolve();
      wake();
    });
  });
  socket.on('error', () => {});
  socket.on('data', data => {
    text += data.toString('latin1');
    wake();
  });
  return {
    socket,
    closed,
    text: () => text,
    async until(end) {
      while (!text.includes(end) && !socket.readableEnded) await new Promise<void>(resolve => (wake = resolve));
      return text;
    },
  };
}

async function echo({head, body, response}: Exchange): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(piece);
  response.send(200, 'text/plain', `${head.method} ${head.target} [${Buffer.concat(pieces)}]`);
}

test('requests on one connection, pipelined, with both framings of a body', async t => {
  const client = (await serve(t, echo))();
  client.socket.write(
    'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\nHost: x\r\n\r\n' +
      'POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1;x=y\r\nf\r\n0\r\nTrailer: z\r\n\r\n',
  );
  const text = await client.until('[def]');
  t.regex(text, /POST \/a \[abc\]HTTP\/1.1 200 OK[\s\S]*GET \/b \[\][\s\S]*POST \/c \[def\]$/);
  client.socket.destroy();
});

test('HTTP/1.0 is answered and closed, a half-closed client still gets its answer', async t => {
  const client = (await serve(t, echo))();
  client.socket.end('GET /info HTTP/1.0\r\n\r\n');
  await client.closed;
  t.regex(client.text(), /^HTTP\/1.0 200 OK\r\nContent-Length: 12\r\n[\s\S]*GET \/info \[\]$/);
});

test('a stream is chunked for HTTP/1.1, and ends with the connection for HTTP/1.0', async t => {
  const open = await serve(t, async ({response}) => {
    response.startStream(200, 'text/plain');
    await response.write('one');
    await response.write('x'.repeat(20_000));
  });
  const client = open();
  client.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  t.regex(
    await client.until('\r\n0\r\n\r\n'),
    /Transfer-Encoding: chunked[\s\S]*\r\n3\r\none\r\n4e20\r\nx+\r\n0\r\n\r\n$/,
  );
  client.socket.destroy();
  const old = open();
  old.socket.write('GET / HTTP/1.0\r\n\r\n');
  await old.closed;
  t.regex(old.text(), /\r\n\r\nonex+$/);
});

test('100-continue is sent when the body is wanted, not before', async t => {
  const client = (await serve(t, echo))();
  client.socket.write('POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n');
  await client.until('100 Continue\r\n\r\n');
  client.socket.write('ok');
  t.regex(await client.until('[ok]'), /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/);
  client.socket.destroy();
});

test('a connection is handed over without an upgrade, and each side closes for itself', async t => {
  const client = (
    await serve(t, async ({response}) => {
      const raw = response.hijack('200 OK', {'Content-Type': 'raw'});
      const seen: string[] = [];
      for await (const piece of raw) seen.push(String(piece));
      raw.write(`after your end: ${seen.join('')}`);
      await raw.close();
    })
  )();
  client.socket.end('POST /attach HTTP/1.1\r\nHost: x\r\n\r\nearly input');
  await client.closed;
  t.is(client.text(), 'HTTP/1.1 200 OK\r\nContent-Type: raw\r\n\r\nafter your end: early input');
});

test('the handler is told when the client leaves', async t => {
  const called = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  const client = (
    await serve(t, async ({gone, response}) => {
      called.resolve();
      await aborted(gone);
      response.send(200);
      left.resolve();
    })
  )();
  client.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await called.promise;
  client.socket.destroy();
  await left.promise;
  t.pass();
});

const malformed: [string, string, RegExp][] = [
  ['no HTTP', 'BOGUS\r\n\r\n', /^HTTP\/1.1 400 /],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n', /missing required Host header/],
  ['a newer protocol', 'GET / HTTP/2.0\r\nHost: x\r\n\r\n', /^HTTP\/1.1 505 /],
  ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', /^HTTP\/1.1 400 /],
  ['a length that is none', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', /^HTTP\/1.1 400 /],
  ['an unknown coding', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n', /^HTTP\/1.1 501 /],
  ['a header without a colon', 'GET / HTTP/1.1\r\nHost: x\r\nbroken\r\n\r\n', /^HTTP\/1.1 400 /],
  ['a head without end', `GET / HTTP/1.1\r\nX: ${'a'.repeat(1024 * 1024)}`, /^HTTP\/1.1 431 /],
];
for (const [what, bytes, answer] of malformed) {
  test(`refused: ${what}`, async t => {
    const client = (await serve(t, echo))();
    client.socket.write(bytes);
    await client.closed;
    t.regex(client.text(), answer);
  });
}
