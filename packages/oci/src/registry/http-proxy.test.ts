import {once} from 'node:events';
import {createServer, type IncomingMessage} from 'node:http';
import {type AddressInfo, connect, type Socket} from 'node:net';
import {callContext, discardLogger} from '@longshore/base';
import test, {type ExecutionContext} from 'ava';
import {HttpClient} from './http-client.ts';
import {parseProxy, proxyFor, proxySettings} from './http-proxy.ts';

const via = (none: string, url: string) =>
  proxyFor({http: 'http://plain:1', https: 'http://secure:2', none}, new URL(url))?.href;

test('the protocol decides the proxy, the machine itself needs none', t => {
  t.is(via('', 'http://a.test/'), 'http://plain:1/');
  t.is(via('', 'https://a.test/'), 'http://secure:2/');
  for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '[::1]', '[::ffff:127.0.0.1]', 'LOCALHOST']) {
    t.is(via('', `https://${host}:5000/`), undefined, host);
  }
  t.not(via('', 'https://notlocalhost/'), undefined);
});

const exceptions: [none: string, direct: string[], proxied: string[]][] = [
  ['*', ['a.test', '10.0.0.1'], []],
  ['a.test', ['a.test', 'b.a.test', 'A.TEST', 'a.test:5000'], ['xa.test', 'a.test.b']],
  ['.a.test', ['b.a.test'], ['a.test', 'xa.test']],
  ['*.a.test', ['b.a.test'], ['a.test']],
  ['a.test:5000', ['a.test:5000'], ['a.test', 'a.test:5001']],
  ['a.test:443', ['a.test'], ['a.test:5000']],
  ['10.0.0.0/8', ['10.1.2.3', '10.1.2.3:5000'], ['11.0.0.1', 'ten.test']],
  ['10.0.0.1', ['10.0.0.1'], ['10.0.0.10', '10.0.0.2']],
  ['10.0.0.1:5000', ['10.0.0.1:5000'], ['10.0.0.1:5001']],
  ['fd00::/8', ['[fd00::1]'], ['[fe00::1]', '10.0.0.1']],
  ['fd00::1', ['[fd00:0:0::1]'], ['[fd00::2]']],
  ['[fd00::1]:5000', ['[fd00::1]:5000'], ['[fd00::1]']],
  [' , b.test , a.test', ['a.test', 'b.test'], ['c.test']],
  ['10.0.0.0/x,/8,10.0.0.0/99', [], ['10.0.0.1']],
];
for (const [none, direct, proxied] of exceptions) {
  test(`exceptions: ${none}`, t => {
    for (const host of direct) t.is(via(none, `https://${host}/`), undefined, host);
    for (const host of proxied) t.is(via(none, `https://${host}/`), 'http://secure:2/', host);
  });
}

test('a proxy is a URL or a host; the environment is read in both cases', t => {
  t.is(parseProxy('proxy:3128').href, 'http://proxy:3128/');
  t.is(parseProxy('https://u:p@proxy').href, 'https://u:p@proxy/');
  t.throws(() => parseProxy('socks5://proxy'), {message: 'unsupported proxy protocol socks5://: only http and https'});
  const wrong = t.throws(() => parseProxy('http://user:secret@'));
  t.false(wrong.message.includes('secret'));
  t.deepEqual(proxySettings({HTTP_PROXY: 'a', http_proxy: 'b', https_proxy: 'c', NO_PROXY: ''}), {
    http: 'a',
    https: 'c',
    none: '',
  });
});

/** Answers itself what is not encrypted, and notes the rest. */
async function openProxy(t: ExecutionContext, onTunnel: (socket: Socket) => void) {
  const seen: string[] = [];
  const note = ({method, url, headers}: IncomingMessage) =>
    seen.push(`${method} ${url} ${Buffer.from((headers['proxy-authorization'] ?? '').slice(6), 'base64')}`);
  const server = createServer((request, response) => {
    note(request);
    response.end('by proxy');
  });
  server.on('connect', (request, socket) => {
    note(request);
    onTunnel(socket as Socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return {seen, url: `http://user:p%40ss@127.0.0.1:${(server.address() as AddressInfo).port}`};
}

const ctx = callContext({log: discardLogger()});

test('requests carry the credentials of the proxy; encrypted ones go through a tunnel', async t => {
  const proxy = await openProxy(t, socket => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'));
  using client = new HttpClient('test', undefined, {http: proxy.url, https: proxy.url, none: 'direct.invalid'});
  const get = (url: string) => client.request(ctx, {method: 'GET', url: new URL(url)}, {});
  const answer = await get('http://registry.invalid/v2/');
  const parts: Uint8Array[] = [];
  for await (const part of answer.body) parts.push(part);
  t.is(Buffer.concat(parts).toString(), 'by proxy');
  await t.throwsAsync(get('https://registry.invalid:5000/v2/'), {message: /^cannot GET https:\/\/registry.invalid/});
  await t.throwsAsync(get('http://direct.invalid/v2/'));
  t.deepEqual(proxy.seen, ['GET http://registry.invalid/v2/ user:p@ss', 'CONNECT registry.invalid:5000 user:p@ss']);
});

test('a proxy that is away is an error that names the server', async t => {
  const socket = connect({port: 1, host: '127.0.0.1'});
  await once(socket, 'error');
  using client = new HttpClient('test', undefined, {http: 'http://127.0.0.1:1', https: '', none: ''});
  const asked = client.request(ctx, {method: 'GET', url: new URL('http://registry.invalid/v2/')}, {});
  t.is((await t.throwsAsync(asked))?.name, 'HttpTransportError');
});
