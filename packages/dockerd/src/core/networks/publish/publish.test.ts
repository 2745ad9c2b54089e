import {callContext} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import test from 'ava';
import type {SandboxRequest} from '../../ports/network-controller.ts';
import {networkRecord} from '../documents.ts';
import {type BridgeNetwork, openNetwork} from '../network.ts';
import type {FirewallRule} from '../ports.ts';
import {type Endpoint, type PublishedPort, sandboxRecord} from '../sandbox-record.ts';
import {PortPublisher} from './port-publisher.ts';

const pool = {Subnet: '172.17.0.0/16', IPRange: '', Gateway: '', AuxiliaryAddresses: null};
const network = openNetwork(
  {
    ...networkRecord.zero(),
    Name: 'bridge',
    Driver: 'bridge',
    Bridge: 'docker0',
    IPAM: {Driver: 'default', Options: null, Config: [pool]},
  },
  {mtu: 1500, userlandProxy: true, allowDirectRouting: false},
) as BridgeNetwork;
const endpointZero = sandboxRecord.decode({endpoints: [{}]}, '').endpoints?.[0] as Endpoint;
const endpoint = {...endpointZero, id: 'e1', address: '172.17.0.2'};

function request(
  bindings: SandboxRequest['portBindings'],
  exposed = Object.keys(bindings),
  publishAllPorts = false,
): SandboxRequest {
  return {containerName: 'web', exposedPorts: exposed, portBindings: bindings, publishAllPorts} as SandboxRequest;
}

function fake(options: {inUse?: string[]; hasIpv6?: boolean; failServe?: boolean; failFirewall?: boolean} = {}) {
  const held = new Set<string>();
  const rules: FirewallRule[] = [];
  const served: string[] = [];
  const key = (port: PublishedPort) => `${port.hostAddress}:${port.hostPort}/${port.protocol}`;
  const publisher = new PortPublisher({
    userlandProxy: true,
    defaultAddress: '0.0.0.0',
    firewall: {
      sync: async () => {},
      async change(add, remove) {
        if (options.failFirewall && add.length > 0) throw new Error('no rules');
        rules.push(...add);
        for (const {rule} of remove) {
          const at = rules.findIndex(each => each.rule === rule);
          if (at >= 0) rules.splice(at, 1);
        }
      },
    },
    sockets: {
      ephemeralPorts: () => ({first: 32_768, last: 32_770}),
      hasIpv6: () => options.hasIpv6 ?? false,
      hold(port) {
        if (options.inUse?.includes(key(port))) {
          throw new EngineError('already-exists', `failed to bind host port ${key(port)}: address already in use`);
        }
        held.add(key(port));
        return {
          async serve() {
            if (options.failServe) throw new Error('no proxy');
            served.push(key(port));
          },
          [Symbol.dispose]: () => held.delete(key(port)),
        };
      },
    },
  });
  const publish = async (given: SandboxRequest) => {
    let recorded: PublishedPort[] = [];
    await publisher.publish(callContext(), given, network, endpoint, ports => {
      recorded = ports;
    });
    return recorded;
  };
  return {publisher, publish, held, rules, served};
}

const shown = (ports: PublishedPort[]) =>
  ports.map(port => `${port.hostAddress}:${port.hostPort}->${port.containerPort}/${port.protocol}`);

test('bindings count for exposed ports only; without an address every one is meant', async t => {
  const {publish, rules, served} = fake({hasIpv6: true});
  const ports = await publish(
    request(
      {
        '80/tcp': [{HostIp: '', HostPort: '8080'}],
        '90/udp': [{HostIp: '127.0.0.1', HostPort: '9090'}],
        '1/tcp': [{HostIp: '', HostPort: '1'}],
      },
      ['80/tcp', '90/udp', 'abc'],
    ),
  );
  t.deepEqual(shown(ports), ['0.0.0.0:8080->80/tcp', ':::8080->80/tcp', '127.0.0.1:9090->90/udp']);
  t.is(rules.filter(({table, chain}) => table === 'nat' && chain === 'DOCKER').length, 2);
  t.is(served.length, 3);
});

test('a port is given once per address, whatever the wildcard', async t => {
  const {publish, held} = fake();
  await publish(request({'80/tcp': [{HostIp: '', HostPort: '8080'}]}));
  const conflict = {
    message:
      'driver failed programming external connectivity on endpoint web (e1): Bind for 127.0.0.1:8080 failed: port is already allocated',
  };
  await t.throwsAsync(publish(request({'80/tcp': [{HostIp: '127.0.0.1', HostPort: '8080'}]})), conflict);
  await publish(request({'80/udp': [{HostIp: '', HostPort: '8080'}]}));
  await publish(request({'80/tcp': [{HostIp: '127.0.0.1', HostPort: '81'}]}));
  await publish(request({'80/tcp': [{HostIp: '127.0.0.2', HostPort: '81'}]}));
  await t.throwsAsync(publish(request({'80/tcp': [{HostIp: '', HostPort: '81'}]})), {
    message: /Bind for 0\.0\.0\.0:81 failed/,
  });
  t.is(held.size, 4);
});

test('a number that is asked for is not given to a port that may have any', async t => {
  const {publish} = fake();
  const any = {HostIp: '', HostPort: ''};
  const ports = await publish(request({'80/tcp': [any], '81/tcp': [{...any, HostPort: '32768'}]}));
  t.deepEqual(shown(ports).toSorted(), ['0.0.0.0:32768->81/tcp', '0.0.0.0:32769->80/tcp']);
});

test('ports without a number rest before they are used again', async t => {
  const {publish, publisher} = fake();
  const any = () => publish(request({}, ['80/tcp'], true));
  const first = await any();
  await publisher.withdraw(first);
  const numbers = [first, await any(), await any()].map(ports => ports[0]?.hostPort);
  t.deepEqual(numbers, [32_768, 32_769, 32_770]);
  t.is((await any())[0]?.hostPort, 32_768);
  await t.throwsAsync(any(), {message: /all ports are allocated$/});
});

test('what the host uses itself is passed over when there is a choice, and told when there is none', async t => {
  const {publish, held} = fake({inUse: ['0.0.0.0:8000/tcp', '0.0.0.0:32768/tcp', '0.0.0.0:80/tcp']});
  t.deepEqual(shown(await publish(request({'1/tcp': [{HostIp: '', HostPort: '8000-8002'}]}))), ['0.0.0.0:8001->1/tcp']);
  t.deepEqual(shown(await publish(request({'1/tcp': [{HostIp: '', HostPort: ''}]}))), ['0.0.0.0:32769->1/tcp']);
  await t.throwsAsync(publish(request({'1/tcp': [{HostIp: '', HostPort: '80'}]})), {
    message: /failed to bind host port 0\.0\.0\.0:80\/tcp: address already in use$/,
  });
  t.is(held.size, 2);
});

test('a failure leaves neither sockets nor rules nor numbers', async t => {
  for (const options of [{failServe: true}, {failFirewall: true}]) {
    const {publish, held, rules, publisher} = fake(options);
    await t.throwsAsync(publish(request({'80/tcp': [{HostIp: '', HostPort: '8080'}]})));
    t.deepEqual([held.size, rules.length], [0, 0]);
    await publisher.adopt(callContext(), [
      {protocol: 'tcp', hostAddress: '0.0.0.0', hostPort: 8080, containerAddress: 'x', containerPort: 1, device: 'd'},
    ]);
    t.is(held.size, 1);
  }
});

test('withdrawing twice is fine', async t => {
  const {publish, publisher, held, rules} = fake();
  const ports = await publish(request({'80/tcp': [{HostIp: '', HostPort: '8080'}]}));
  await publisher.withdraw(ports);
  await publisher.withdraw(ports);
  t.deepEqual([held.size, rules.length], [0, 0]);
});
