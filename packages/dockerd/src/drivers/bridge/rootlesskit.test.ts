import {mkdtemp, rm} from 'node:fs/promises';
import http from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {callContext, createLogger} from '@longshore/base';
import {codeOf} from '@longshore/errdefs';
import test, {type ExecutionContext} from 'ava';
import type {PublishedPort} from '../../core/networks/sandbox-record.ts';
import {type ForwardedPort, type PortDriver, RootlesskitClient} from './rootlesskit-client.ts';
import {rootlesskitPorts} from './rootlesskit-ports.ts';

const log = createLogger({level: 'fatal', format: 'text'});
const web: PublishedPort = {
  protocol: 'tcp',
  hostAddress: '0.0.0.0',
  hostPort: 8080,
  containerAddress: '172.17.0.2',
  containerPort: 80,
  device: 'docker0',
};

/** An API with the answers of rootlesskit 1.1.0. */
async function startApi(t: ExecutionContext, information: object) {
  const directory = await mkdtemp(join(tmpdir(), 'rk-'));
  const ports = new Map<number, ForwardedPort>();
  const calls: string[] = [];
  let lastId = 0;
  const server = http.createServer(async (request, response): Promise<unknown> => {
    calls.push(`${request.method} ${request.url}`);
    const body = await Array.fromAsync(request as AsyncIterable<Buffer>);
    const answer = (status: number, value?: unknown) => response.writeHead(status).end(value && JSON.stringify(value));
    if (request.url === '/v1/info') return answer(200, information);
    if (request.method === 'GET')
      return answer(
        200,
        [...ports].map(([id, spec]) => ({id, spec})),
      );
    if (request.method === 'DELETE') {
      const id = Number(request.url?.split('/').at(-1));
      return ports.delete(id) ? answer(200) : answer(500, {message: `unknown port: ${id}`});
    }
    const spec = JSON.parse(Buffer.concat(body).toString());
    if (spec.parentPort < 1024) return answer(500, {message: `cannot expose privileged port ${spec.parentPort}`});
    if ([...ports.values()].some(each => each.parentPort === spec.parentPort && each.parentIP === spec.parentIP)) {
      return answer(500, {message: 'listen tcp4 0.0.0.0:8080: bind: address already in use'});
    }
    ports.set(++lastId, spec);
    return answer(201, {id: lastId, spec});
  });
  await new Promise<void>(resolve => server.listen(join(directory, 'api.sock'), resolve));
  t.teardown(async () => {
    server.close();
    await rm(directory, {recursive: true});
  });
  return {client: new RootlesskitClient(directory), ports, calls};
}

const builtin = {portDriver: {driver: 'builtin', protos: ['tcp4', 'tcp6', 'udp4', 'udp6']}};

/** The inner side: remembers which addresses are held. */
function fakeSockets() {
  const held: string[] = [];
  const sockets = {
    ephemeralPorts: () => ({first: 1, last: 2}),
    hasIpv6: () => true,
    hold: ({hostAddress, hostPort}: PublishedPort) => {
      const key = `${hostAddress}:${hostPort}`;
      held.push(key);
      return {serve: async () => {}, [Symbol.dispose]: () => void held.splice(held.indexOf(key), 1)};
    },
  };
  return {held, sockets};
}

test('a port of the host leads to the container; within the namespace it is held too', async t => {
  const {client, ports} = await startApi(t, builtin);
  const {held, sockets} = fakeSockets();
  const all = rootlesskitPorts(client, sockets, log);
  const first = await all.hold(web, {proxy: true});
  const second = await all.hold({...web, hostAddress: '192.0.2.7', hostPort: 8081}, {proxy: true});
  await all.hold({...web, hostAddress: '::', protocol: 'udp'}, {proxy: true});
  await first.serve(callContext());
  t.deepEqual(held, ['0.0.0.0:8080', '127.0.0.1:8081', ':::8080']);
  const shown = [...ports.values()].map(
    each => `${each.parentIP}:${each.parentPort}->${each.childIP}:${each.childPort}/${each.proto}`,
  );
  t.deepEqual(shown, [
    '0.0.0.0:8080->172.17.0.2:80/tcp4',
    '192.0.2.7:8081->172.17.0.2:80/tcp4',
    ':::8080->172.17.0.2:80/udp6',
  ]);
  first[Symbol.dispose]();
  second[Symbol.dispose]();
  // Given back and taken again at once: the order is kept.
  await all.hold(web, {proxy: true});
  t.deepEqual([...ports.keys()], [3, 4]);
});

test('a port that is forwarded just so is taken over, any other conflict is told', async t => {
  const {client, ports} = await startApi(t, builtin);
  const spec = {proto: 'tcp4', parentIP: '0.0.0.0', parentPort: 8080, childIP: '172.17.0.2', childPort: 80};
  const id = await client.addPort(spec);
  t.is(await client.addPort(spec), id);
  const error = await t.throwsAsync(client.addPort({...spec, childIP: '172.17.0.3'}));
  t.is(codeOf(error), 'already-exists');
  t.is(error?.message, 'rootlesskit: listen tcp4 0.0.0.0:8080: bind: address already in use');
  const {held, sockets} = fakeSockets();
  const other = {...web, containerAddress: '172.17.0.9'};
  await t.throwsAsync(async () => rootlesskitPorts(client, sockets, log).hold(other, {proxy: true}));
  t.deepEqual([held.length, ports.size], [0, 1]);
  await t.throwsAsync(client.addPort({...spec, parentPort: 80}), {message: /cannot expose privileged port 80$/});
});

test('a driver that reaches one address leads to the port that is held there', async t => {
  const information = {
    networkDriver: {driver: 'slirp4netns', childIP: '10.0.2.100'},
    portDriver: {driver: 'slirp4netns', protos: ['tcp', 'tcp4'], disallowLoopbackChildIP: true},
  };
  const {client, ports} = await startApi(t, information);
  const {held, sockets} = fakeSockets();
  const all = rootlesskitPorts(client, sockets, log);
  await all.hold(web, {proxy: true});
  t.deepEqual(held, ['10.0.2.100:8080']);
  t.like([...ports.values()][0], {childIP: '10.0.2.100', childPort: 8080});
  await t.throwsAsync(async () => all.hold({...web, hostAddress: '::'}, {proxy: true}), {
    message: 'protocol "tcp6" is not supported by the RootlessKit port driver "slirp4netns"',
  });
});

test('without a driver that wants to be told, ports are held as on any host', async t => {
  for (const portDriver of [null, {driver: 'none'}, {driver: 'implicit', protos: ['tcp']}]) {
    const {client, calls} = await startApi(t, {portDriver});
    const {held, sockets} = fakeSockets();
    await rootlesskitPorts(client, sockets, log).hold({...web, hostAddress: '192.0.2.7'}, {proxy: true});
    t.deepEqual([held, calls], [['192.0.2.7:8080'], ['GET /v1/info']]);
  }
  const none: PortDriver = {name: '', protocols: [], childAddress: ''};
  t.deepEqual(await (await startApi(t, {})).client.portDriver(), none);
  const gone = new RootlesskitClient('/nonexistent');
  t.is(codeOf(await t.throwsAsync(gone.portDriver())), 'unavailable');
});
