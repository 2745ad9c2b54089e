import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import {type AddressInfo, connect, createServer} from 'node:net';
import {text} from 'node:stream/consumers';
import {bindInet, inetSocketName} from '@longshore/linux';
import test from 'ava';
import {type ProxyOptions, parseArguments} from './options.ts';
import {startTcpProxy} from './tcp-proxy.ts';
import {startUdpProxy} from './udp-proxy.ts';

function options(protocol: 'tcp' | 'udp', containerPort: number): ProxyOptions {
  return {
    protocol,
    hostAddress: '127.0.0.1',
    hostPort: 0,
    containerAddress: '127.0.0.1',
    containerPort,
    useListener: false,
  };
}

test('a TCP connection is passed on both ways, each half closed by itself', async t => {
  const server = createServer({allowHalfOpen: true}, socket => {
    let received = 0;
    socket.on('data', chunk => {
      received += chunk.length;
    });
    socket.on('end', () => socket.end(`got ${received} bytes`)); // the client has closed its half
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await startTcpProxy(options('tcp', (server.address() as AddressInfo).port), undefined);
  const client = connect({port: proxy.port, host: '127.0.0.1', allowHalfOpen: true});
  client.end(Buffer.alloc(3_000_000, 'x'));
  t.is(await text(client), 'got 3000000 bytes');
  proxy.close();
  server.close();
});

test('a listening socket that was handed over is used', async t => {
  const fd = bindInet('tcp', '127.0.0.1', 0);
  const {port} = inetSocketName(fd);
  const server = createServer(socket => socket.end('hello')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await startTcpProxy(options('tcp', (server.address() as AddressInfo).port), fd);
  t.is(proxy.port, port);
  t.is(await text(connect({port, host: '127.0.0.1'})), 'hello');
  proxy.close();
  server.close();
});

test('a client is dropped when nobody listens in the container', async t => {
  const fd = bindInet('tcp', '127.0.0.1', 0);
  const {port} = inetSocketName(fd);
  const gone = createServer().listen({fd});
  await once(gone, 'listening');
  gone.close();
  await once(gone, 'close');
  const proxy = await startTcpProxy(options('tcp', port), undefined);
  const client = connect({port: proxy.port, host: '127.0.0.1'});
  const closed = once(client, 'close');
  client.on('error', () => {});
  await closed;
  t.pass();
  proxy.close();
});

test('datagrams find their way back to each client', async t => {
  const server = createSocket('udp4');
  server.on('message', (data, {port, address}) => server.send(`echo ${data}`, port, address));
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await startUdpProxy(options('udp', server.address().port), bindInet('udp', '127.0.0.1', 0));
  const ask = async (question: string) => {
    const client = createSocket('udp4');
    const answer = once(client, 'message');
    client.send(question, proxy.port, '127.0.0.1');
    const [data] = await answer;
    client.close();
    return String(data);
  };
  t.deepEqual(await Promise.all([ask('a'), ask('b')]), ['echo a', 'echo b']);
  proxy.close();
  server.close();
});

test('arguments in the forms that Go takes', t => {
  const argv = [
    '-proto',
    'udp',
    '-host-ip=0.0.0.0',
    '--host-port',
    '53',
    '-container-ip',
    '172.17.0.2',
    '-container-port=5353',
    '-use-listen-fd',
  ];
  t.deepEqual(parseArguments(argv), {
    kind: 'serve',
    options: {
      protocol: 'udp',
      hostAddress: '0.0.0.0',
      hostPort: 53,
      containerAddress: '172.17.0.2',
      containerPort: 5353,
      useListener: true,
    },
  });
  t.deepEqual(parseArguments(['-v']), {kind: 'version'});
  for (const bad of [
    ['-bogus'],
    ['-proto'],
    ['-proto', 'sctp'],
    ['-host-port', '70000', '-container-port', '1'],
    ['x'],
  ]) {
    t.throws(() => parseArguments(bad), undefined, bad.join(' '));
  }
});
