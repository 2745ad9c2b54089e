/**
 * A forward proxy for tests: `forward-proxy.testing.ts PORT TARGET-PORT RECORD`. Whatever name is asked for, it leads to
 * the target port of its own loopback. Wants the credentials user:secret, and writes a line for each request.
 */
import {appendFileSync} from 'node:fs';
import {createServer, request as httpRequest, type IncomingMessage} from 'node:http';
import {connect} from 'node:net';

const [port = '', target = '', record = ''] = process.argv.slice(2);
const wanted = `Basic ${Buffer.from('user:secret').toString('base64')}`;

function isWelcome({method, url, headers}: IncomingMessage): boolean {
  const isKnown = headers['proxy-authorization'] === wanted;
  appendFileSync(record, `${isKnown ? '' : '407 '}${method} ${url}\n`);
  return isKnown;
}

const server = createServer((request, response) => {
  if (!isWelcome(request)) return void response.writeHead(407).end();
  const {pathname, search} = new URL(request.url ?? '');
  const {method, headers} = request;
  const onward = httpRequest(
    {host: '127.0.0.1', port: target, method, headers, path: `${pathname}${search}`},
    answer => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    },
  );
  onward.on('error', () => response.destroy());
  request.pipe(onward);
});
server.on('connect', (request, socket) => {
  if (!isWelcome(request)) return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
  const onward = connect(Number(target), '127.0.0.1', () =>
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n'),
  );
  onward.on('error', () => socket.destroy()).pipe(socket);
  socket.on('error', () => onward.destroy()).pipe(onward);
});
server.listen(Number(port), '127.0.0.1', () => appendFileSync(record, 'listening\n'));
