import {once} from 'node:events';
import {createConnection, createServer} from 'node:net';
import {codeOf} from '@longshore/errdefs';
import test from 'ava';
import {bindInet, closeFd, inetSocketName, receiveDatagram, sendDatagram} from './index.ts';

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

for (const address of ['127.0.0.1', '::1']) {
  test(`datagrams come with their sender: ${address}`, t => {
    const [a, b] = [bindInet('udp', address, 0), bindInet('udp', address, 0)];
    t.is(receiveDatagram(b), undefined);
    t.true(sendDatagram(a, Buffer.from('hello'), address, inetSocketName(b).port));
    t.true(sendDatagram(a, Buffer.alloc(0), address, inetSocketName(b).port));
    t.deepEqual(receiveDatagram(b), {data: Buffer.from('hello'), ...inetSocketName(a)});
    t.is(receiveDatagram(b)?.data.length, 0);
    t.throws(() => sendDatagram(a, Buffer.alloc(70_000), address, inetSocketName(b).port), {message: /EMSGSIZE/});
    for (const fd of [a, b]) closeFd(fd);
  });
}
