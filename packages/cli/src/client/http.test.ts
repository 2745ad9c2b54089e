import {mkdtempSync, rmSync} from 'node:fs';
import {createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {ApiError} from './api-error.ts';
import {parseEndpoint} from './endpoint.ts';
import {EngineClient} from './engine-client.ts';
import {encodeQuery, escapePath} from './url.ts';

/** A server that sends `answers` one after the other, each when a request's head has come; keeps what it was sent. */
async function serve(
  t: ExecutionContext,
  answers: string[],
): Promise<{client: EngineClient; requests: string[]; connections: () => number}> {
  const directory = mkdtempSync(join(tmpdir(), 'longshore-http-'));
  const path = join(directory, 'engine.sock');
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({allowHalfOpen: true}, socket => {
    connections++;
    sockets.add(socket);
    let text = '';
    socket.on('error', () => {});
    socket.on('data', chunk => {
      text += chunk;
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      requests.push(text);
      text = '';
      const answer = answers.shift();
      if (answer === undefined) socket.end();
      else socket.write(answer);
    });
  });
  await new Promise<void>(resolve => server.listen(path, resolve));
  const client = new EngineClient(parseEndpoint(`unix://${path}`, undefined), {version: '1.51'});
  t.teardown(() => {
    client.close();
    for (const socket of sockets) socket.destroy();
    server.close();
    rmSync(directory, {recursive: true, force: true});
  });
  return {client, requests, connections: () => connections};
}

const json = (body: string, status = '200 OK') =>
  `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

test('a body of known length, and the connection is used again', async t => {
  const {client, requests, connections} = await serve(t, [json('{"a":1}'), json('[2]')]);
  t.deepEqual(await client.get('/info', {query: {all: true, filters: '{"a b":1}'}}), {a: 1});
  t.deepEqual(await client.get('/x'), [2]);
  t.is(connections(), 1);
  t.true(requests[0]!.startsWith('GET /v1.51/info?all=1&filters=%7B%22a+b%22%3A1%7D HTTP/1.1\r\n'));
  t.regex(requests[0]!, /\r\nHost: api\.moby\.localhost\r\n/);
  t.regex(requests[0]!, /\r\nUser-Agent: Docker-Client\/\S+ \(linux\)\r\n/);
});

test('chunks, with extensions and trailers, and a 100 before', async t => {
  const head = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  const {client, connections} = await serve(t, [
    `${head}3;x=y\r\n[1,\r\n2\r\n2]\r\n0\r\nTrailer: x\r\n\r\n`,
    json('3'),
  ]);
  t.deepEqual(await client.get('/a'), [1, 2]);
  t.is(await client.get('/b'), 3);
  t.is(connections(), 1);
});

test('a body that ends with the connection', async t => {
  const {client} = await serve(t, ['HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"x":true}']);
  const response = await client.request('GET', '/a');
  const chunks: string[] = [];
  for await (const chunk of response.body) {
    chunks.push(chunk.toString());
    response.discard();
  }
  t.is(chunks.join(''), '{"x":true}');
});

test('an error status carries the message of the engine', async t => {
  const {client} = await serve(t, [
    json('{"message":"No such container: x"}', '404 Not Found'),
    'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n',
  ]);
  const error = await t.throwsAsync(client.get('/containers/x/json'), {instanceOf: ApiError});
  t.is(error.message, 'Error response from daemon: No such container: x');
  t.is(error.status, 404);
  const empty = await t.throwsAsync(client.get('/x'));
  t.regex(empty.message, /request returned Busy for API route and version \/v1\.51\/x/);
});

test('a stream is sent in chunks, and stopped by an early refusal', async t => {
  const {client, requests} = await serve(t, [json('{"message":"no space"}', '500 Internal Server Error')]);
  let produced = 0;
  const endless = async function* () {
    for (;;) {
      produced++;
      yield Buffer.alloc(64 * 1024);
      await new Promise(resolve => setImmediate(resolve));
    }
  };
  const error = await t.throwsAsync(client.request('POST', '/images/load', {body: endless()}));
  t.is(error.message, 'Error response from daemon: no space');
  const before = produced;
  await new Promise(resolve => setTimeout(resolve, 50));
  t.true(produced <= before + 1, 'nothing more is produced');
  t.regex(requests[0]!, /\r\nTransfer-Encoding: chunked\r\n/);
});

test('a hijacked connection gives the bytes that came with the head', async t => {
  const head =
    'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n';
  const {client, requests} = await serve(t, [`${head}first`]);
  const {socket, first, isMultiplexed} = await client.hijack('/containers/x/attach', {query: {stream: true}});
  t.is(first.toString(), 'first');
  t.true(isMultiplexed);
  t.regex(requests[0]!, /\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n/);
  socket.destroy();
});

test('no engine is said in words that people know', async t => {
  const client = new EngineClient(parseEndpoint('unix:///nosuch/engine.sock', undefined));
  const error = await t.throwsAsync(client.get('/info'));
  t.is(
    error.message,
    'Cannot connect to the Docker daemon at unix:///nosuch/engine.sock. Is the docker daemon running?',
  );
});

test('an engine that hangs up is an error', async t => {
  const {client} = await serve(t, []);
  const error = await t.throwsAsync(client.get('/info'));
  t.regex(error.message, /^error during connect: Get ".*\/v1\.51\/info": EOF$/);
});

test('the version is the lower of the two', async t => {
  const ping = 'HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nOstype: linux\r\nContent-Length: 0\r\n\r\n';
  const {client: fixed} = await serve(t, [ping]);
  const client = new EngineClient(fixed.endpoint);
  t.teardown(() => client.close());
  t.is(await client.version(), '1.41');
  t.false(await client.supports('1.42'));
  t.true(await client.supports('1.9'));
});

test('queries and paths are escaped as Go does', t => {
  t.is(encodeQuery({b: "it's", a: ['x', 'y/z'], c: false, d: undefined, e: true}), '?a=x&a=y%2Fz&b=it%27s&e=1');
  t.is(escapePath('127.0.0.1:5000/ä b@sha256:0'), '127.0.0.1:5000/%C3%A4%20b@sha256:0');
});
