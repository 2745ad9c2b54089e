import {once} from 'node:events';
import {createConnection, createServer} from 'node:net';
import {codeOf} from '@longshore/errdefs';
import test from 'ava';
import {bindInet, closeFd, inetSocketName} from './index.ts';

test('a listening socket takes connections through Node, and its port is taken', async t => {
  const fd = bindInet('tcp', '127.0.0.1', 0);
  const {address, port} = inetSocketName(fd);
  t.is(address, '127.0.0.1');
  t.is(codeOf(t.throws(() => bindInet('tcp', '127.0.0.1', port))), 'already-exists');
  const server = createServer(socket => socket.end('hello')).listen({fd});
  await once(server, 'listening');
  const client = createConnection({host: '127.0.0.1', port});
  const [data] = await once(client, 'data');
  t.is(String(data), 'hello');
  client.destroy();
  server.close();
  await once(server, 'close');
});

test('UDP and TCP ports are apart, IPv6 sockets leave IPv4 alone', t => {
  const udp = bindInet('udp', '0.0.0.0', 0);
  const {port} = inetSocketName(udp);
  t.is(codeOf(t.throws(() => bindInet('udp', '127.0.0.1', port))), 'already-exists');
  const tcp6 = bindInet('udp', '::', port);
  t.deepEqual(inetSocketName(tcp6), {address: '::', port});
  for (const fd of [udp, tcp6]) closeFd(fd);
});
