import {discardLogger} from '@longshore/base';
import test from 'ava';
import {networkRecord} from '../documents.ts';
import {type Network, openNetwork} from '../network.ts';
import type {DnsSockets, DnsTransport} from '../ports.ts';
import {type Endpoint, sandboxRecord} from '../sandbox-record.ts';
import {formatAnswer, parseQuery, responseCode} from './message.ts';
import {NameService} from './name-service.ts';

/** A query as a resolver sends it. */
function question(name: string, type: number, id = 7): Buffer {
  const labels = name === '' ? [] : name.split('.');
  const encoded = labels.flatMap(label => [Buffer.of(label.length), Buffer.from(label)]);
  const head = Buffer.from([id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([head, ...encoded, Buffer.of(0, 0, type, 0, 1)]);
}

function network(name: string, subnet: string, members: Record<string, {address: string; names: string[]}>): Network {
  const record = {...networkRecord.zero(), Driver: 'bridge', Name: name, Bridge: `br-${name}`};
  const pool = {Subnet: subnet, IPRange: '', Gateway: '', AuxiliaryAddresses: null};
  const made = openNetwork(
    {...record, IPAM: {Driver: 'default', Options: null, Config: [pool]}},
    {mtu: 1500, userlandProxy: true, allowDirectRouting: false},
  );
  const endpointZero = sandboxRecord.decode({endpoints: [{}]}, '').endpoints?.[0] as Endpoint;
  for (const [id, {address, names}] of Object.entries(members)) {
    made.endpoints.set(id, {...endpointZero, address, dnsNames: names, containerName: names[0] as string});
  }
  return made;
}

const net1 = network('net1', '10.1.0.0/24', {
  a: {address: '10.1.0.2', names: ['web', 'www', 'aaaa']},
  b: {address: '10.1.0.3', names: ['db', 'www']},
});
const bridge = network('bridge', '172.17.0.0/16', {c: {address: '172.17.0.2', names: ['hidden']}});

async function server(options: {hasNdots?: boolean; answers?: Record<string, Buffer>; networks?: Network[]} = {}) {
  const asked: string[] = [];
  let ask: (query: Buffer, transport: DnsTransport) => Promise<Buffer | undefined> = async () => undefined;
  const sockets: DnsSockets = {
    async listen(_target, onQuery) {
      ask = onQuery;
      return () => {};
    },
    async ask({server: address, namespace}) {
      asked.push(`${address} from ${namespace ?? 'host'}`);
      const answer = options.answers?.[address];
      if (!answer) throw new Error('no answer');
      return answer;
    },
  };
  const service = new NameService(sockets, () => options.networks ?? [net1, bridge], discardLogger());
  const external = [
    {address: '192.0.2.1', fromHost: true},
    {address: '192.0.2.2', fromHost: false},
  ];
  await service.serve({
    containerId: 'a',
    namespace: '/ns',
    external,
    hasNdots: options.hasNdots ?? false,
    isAdopted: false,
  });
  return {
    asked,
    service,
    ask: (name: string, type: number, transport: DnsTransport = 'udp') => ask(question(name, type), transport),
  };
}

const addresses = (answer: Buffer | undefined) => {
  const count = answer?.readUInt16BE(6) ?? 0;
  const end = answer?.length ?? 0;
  return Array.from({length: count}, (_, i) => [...(answer?.subarray(end - 16 * i - 4, end - 16 * i) ?? [])].join('.'));
};

test('names, aliases and names with their network are answered, whatever their case', async t => {
  const {ask, asked} = await server();
  for (const name of ['db', 'DB', 'db.net1']) {
    const answer = await ask(name, 1);
    t.is(responseCode(answer as Buffer, 7), 0);
    t.deepEqual([...(answer as Buffer).subarray(-4)], [10, 1, 0, 3], name);
    t.is((answer as Buffer).readUInt32BE((answer as Buffer).length - 10), 600);
  }
  t.is((await ask('www', 1))?.readUInt16BE(6), 2);
  t.deepEqual(asked, []);
});

test('a name without IPv6 has an empty answer, not a failure', async t => {
  const {ask, asked} = await server();
  const answer = (await ask('web', 28)) as Buffer;
  t.is(responseCode(answer, 7), 0);
  t.is(answer.readUInt16BE(6), 0);
  t.deepEqual(asked, []);
});

test('an address leads back to its name', async t => {
  const {ask} = await server();
  const answer = (await ask('3.0.1.10.in-addr.arpa', 12)) as Buffer;
  t.is(answer.subarray(-9).toString('latin1'), '\u0002db\u0004net1\0');
});

test('containers of the default bridge have no names', async t => {
  const {ask, asked} = await server();
  t.is(responseCode((await ask('hidden', 1)) as Buffer, 7), 2);
  t.deepEqual(asked, ['192.0.2.1 from host', '192.0.2.2 from /ns']);
});

test('other names are asked from the servers in order; a failure of one leads to the next', async t => {
  const query = parseQuery(question('example.test', 1)) as NonNullable<ReturnType<typeof parseQuery>>;
  const good = formatAnswer(query, 0, [{type: 'a', address: '192.0.2.9'}], 5);
  const answers = {'192.0.2.1': formatAnswer(query, 2, [], 0), '192.0.2.2': good};
  const {ask, asked} = await server({answers});
  t.deepEqual(await ask('example.test', 1), good);
  t.is(asked.length, 2);
});

test('an answer says that recursion is available and claims no authority', async t => {
  const {ask} = await server();
  // QR, RD as asked, RA: what resolvers print as "Non-authoritative answer".
  t.is(((await ask('web', 1)) as Buffer).readUInt16BE(2), 0x8180);
});

test('single labels are left to the search list when ndots is in force', async t => {
  const {ask, asked} = await server({hasNdots: true});
  t.is(responseCode((await ask('nobody', 1)) as Buffer, 7), 2);
  t.deepEqual(asked, []);
  await ask('nobody', 15);
  t.is(asked.length, 2);
});

test('an answer that does not fit a datagram asks for TCP', async t => {
  const many = Object.fromEntries(
    Array.from({length: 60}, (_, i) => [`m${i}`, {address: `10.1.0.${i + 2}`, names: [`m${i}`, 'all']}]),
  );
  const {ask} = await server({networks: [network('big', '10.1.0.0/24', many)]});
  const short = (await ask('all', 1)) as Buffer;
  t.true(short.length <= 512);
  t.is(short.readUInt16BE(2) & 0x200, 0x200);
  const whole = (await ask('all', 1, 'tcp')) as Buffer;
  t.is(new Set(addresses(whole)).size, 60);
});

test('garbage is no query', t => {
  for (const bytes of [[], [0, 1, 2], [0, 7, 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1]]) {
    t.is(parseQuery(Buffer.from(bytes)), undefined);
  }
  const cut = question('web', 1);
  for (let length = 0; length < cut.length; length++) t.is(parseQuery(cut.subarray(0, length)), undefined);
});
