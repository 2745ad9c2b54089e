import test from 'ava';
import {recordedTest, recording} from '../../recordings.testing.ts';
import type {NetworkRecord} from '../documents.ts';
import {networkRecord} from '../documents.ts';
import {type BridgeNetwork, openNetwork} from '../network.ts';
import type {FirewallRule} from '../ports.ts';
import {baseRules, networkRules, portRules} from './network-rules.ts';
import {changeInput, syncInput} from './restore-input.ts';

function bridge(parts: Partial<NetworkRecord> & {subnet: string; subnet6?: string}): BridgeNetwork {
  const record = {...networkRecord.zero(), Driver: 'bridge', ...parts};
  record.IPAM = {Driver: 'default', Options: null, Config: [{...zeroPool, Subnet: parts.subnet}]};
  if (parts.subnet6) record.IPAM.Config?.push({...zeroPool, Subnet: parts.subnet6});
  return openNetwork(record, {mtu: 1500, userlandProxy: true, allowDirectRouting: false}) as BridgeNetwork;
}

const zeroPool = {Subnet: '', IPRange: '', Gateway: '', AuxiliaryAddresses: null};
const docker0 = bridge({Name: 'bridge', Bridge: 'docker0', subnet: '172.17.0.0/16'});
const net1 = bridge({Name: 'net1', Bridge: 'br-b661a940bcda', subnet: '172.30.0.0/24'});
const int1 = bridge({Name: 'int1', Bridge: 'br-int1', Internal: true, subnet: '172.18.0.0/16'});

/** What iptables would show after applying these one by one. */
function chains(rules: readonly FirewallRule[], wanted?: 'ipv6'): Record<string, string[]> {
  const result: Record<string, string[]> = {};
  for (const {family, table, chain, rule, at} of rules) {
    if (family !== wanted) continue;
    const list = result[`${table} ${chain}`] ?? [];
    result[`${table} ${chain}`] = at === 'head' ? [rule, ...list] : [...list, rule];
  }
  return result;
}

function recorded(file = 'iptables-save-running.txt'): Record<string, string[]> {
  const result: Record<string, string[]> = {};
  let table = '';
  for (const line of recording(`net/${file}`).split('\n')) {
    if (line.startsWith('*')) table = line.slice(1);
    const [, chain, rule] = /^-A (\S+) (.*)$/.exec(line) ?? [];
    if (!chain || !rule) continue;
    const list = result[`${table} ${chain}`] ?? [];
    result[`${table} ${chain}`] = [...list, rule];
  }
  return result;
}

recordedTest('every chain holds what was recorded; raw has one rule per network instead of one per container', t => {
  const port = (hostPort: number, containerPort: number, containerAddress: string, device = 'docker0') => ({
    protocol: 'tcp',
    hostAddress: '0.0.0.0',
    hostPort,
    containerPort,
    containerAddress,
    device,
  });
  const ports = [
    port(8080, 80, '172.17.0.2'),
    {...port(9090, 90, '172.17.0.2'), protocol: 'udp', hostAddress: '127.0.0.1'},
    port(8443, 443, '172.17.0.3'),
    port(8081, 80, '172.30.0.10', 'br-b661a940bcda'),
    port(8082, 82, '172.17.0.7'),
  ];
  const options = {userlandProxy: true, allowDirectRouting: false};
  const networks = [docker0, net1, int1].flatMap(networkRules);
  const actual = chains([...baseRules(options), ...networks, ...ports.flatMap(each => portRules(each, options))]);
  const {'raw PREROUTING': raw = [], ...others} = actual;
  const {'raw PREROUTING': recordedRaw = [], ...recordedOthers} = recorded();
  t.deepEqual(others, recordedOthers);
  t.true(recordedRaw.includes(raw.at(-1) as string));
  t.deepEqual(raw.slice(0, -1), [
    '-d 172.17.0.0/16 ! -i docker0 -m addrtype ! --dst-type LOCAL -j DROP',
    '-d 172.30.0.0/24 ! -i br-b661a940bcda -m addrtype ! --dst-type LOCAL -j DROP',
    '-d 172.18.0.0/16 ! -i br-int1 -m addrtype ! --dst-type LOCAL -j DROP',
  ]);
});

test('without inter-container communication the bridge drops before it accepts', t => {
  const closed = bridge({
    Name: 'x',
    Bridge: 'br-x',
    subnet: '10.0.0.0/24',
    Options: {'com.docker.network.bridge.enable_icc': 'false'},
  });
  t.deepEqual(chains(networkRules(closed))['filter DOCKER-FORWARD'], ['-i br-x -o br-x -j DROP', '-i br-x -j ACCEPT']);
});

test('without the proxy loopback traffic goes through DNAT and a container may reach itself', t => {
  t.true(baseRules({userlandProxy: false}).some(({rule}) => rule === '-m addrtype --dst-type LOCAL -j DOCKER'));
  const port = {
    protocol: 'tcp',
    containerAddress: '10.0.0.2',
    containerPort: 80,
    hostAddress: '0.0.0.0',
    hostPort: 8080,
    device: 'docker0',
  };
  t.deepEqual(chains(portRules(port, {userlandProxy: false})), {
    'filter DOCKER': ['-d 10.0.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT'],
    'nat DOCKER': ['-p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.0.0.2:80'],
    'nat POSTROUTING': ['-s 10.0.0.2/32 -d 10.0.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE'],
  });
});

test('a sync keeps the rules of others and replaces those of an earlier daemon', t => {
  const saved = [
    '*filter',
    ':FORWARD ACCEPT [0:0]',
    ':DOCKER-USER - [0:0]',
    '-A FORWARD -j DOCKER-USER',
    '-A FORWARD -j DOCKER-FORWARD',
    '-A FORWARD -i eth0 -j ACCEPT',
    '-A DOCKER-USER -s 10.0.0.1/32 -j DROP',
    'COMMIT',
    '*nat',
    '-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
    '-A POSTROUTING -s 172.99.0.0/16 ! -o br-0123456789ab -j MASQUERADE',
    '-A POSTROUTING -s 172.98.0.0/16 ! -o br-0123456789ac -j SNAT --to-source 10.0.0.9',
    '-A POSTROUTING -s 10.8.0.0/24 ! -o tun0 -j MASQUERADE',
    'COMMIT',
    '*raw',
    '-A PREROUTING -d 172.17.0.2/32 ! -i docker0 -j DROP',
    '-A PREROUTING -d 127.0.0.1/32 ! -i lo -p udp -m udp --dport 9090 -j DROP',
    'COMMIT',
    '',
  ].join('\n');
  const input = syncInput(saved, [...baseRules({userlandProxy: true}), ...networkRules(docker0)], {dropForward: true});
  const deleted = input.split('\n').filter(line => line.startsWith('-D '));
  t.deepEqual(deleted, [
    '-D PREROUTING -d 172.17.0.2/32 ! -i docker0 -j DROP',
    '-D PREROUTING -d 127.0.0.1/32 ! -i lo -p udp -m udp --dport 9090 -j DROP',
    '-D FORWARD -j DOCKER-USER',
    '-D FORWARD -j DOCKER-FORWARD',
    '-D POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
    '-D POSTROUTING -s 172.99.0.0/16 ! -o br-0123456789ab -j MASQUERADE',
    '-D POSTROUTING -s 172.98.0.0/16 ! -o br-0123456789ac -j SNAT --to-source 10.0.0.9',
  ]);
  t.notRegex(input, /^:DOCKER-USER/m);
  t.regex(input, /^-P FORWARD DROP$/m);
  t.regex(syncInput('', [], {dropForward: false}), /^:DOCKER-USER - \[0:0\]$/m);
  t.notRegex(syncInput('', [], {dropForward: false}), /-P FORWARD/);
});

test('a change names only the tables that it touches', t => {
  const rule: FirewallRule = {table: 'nat', chain: 'DOCKER', rule: '-i x -j RETURN', at: 'head'};
  t.is(changeInput([rule], []), '*nat\n-I DOCKER -i x -j RETURN\nCOMMIT\n');
  t.is(changeInput([], [{...rule, table: 'filter'}]), '*filter\n-D DOCKER -i x -j RETURN\nCOMMIT\n');
  t.is(changeInput([], []), '');
});

recordedTest('IPv6 has the chains that were recorded', t => {
  t.deepEqual(chains(baseRules({userlandProxy: true}), 'ipv6'), recorded('ip6tables-save-running.txt'));
});

test('a network with IPv6 has the same rules once more', t => {
  const dual = bridge({
    Name: 'dual',
    Bridge: 'br-dual',
    subnet: '10.1.0.0/24',
    EnableIPv6: true,
    subnet6: 'fd00:1::/64',
  });
  const rules = networkRules(dual);
  const v4 = chains(rules);
  const v6 = JSON.parse(JSON.stringify(v4).replaceAll('10.1.0.0/24', 'fd00:1::/64'));
  t.deepEqual(chains(rules, 'ipv6'), v6);
  t.true(v6['nat POSTROUTING'].includes('-s fd00:1::/64 ! -o br-dual -j MASQUERADE'));
  t.deepEqual(chains(networkRules(net1), 'ipv6'), {});
  const port = {protocol: 'tcp', hostAddress: '::', hostPort: 8080, containerAddress: 'fd00:1::2', containerPort: 80};
  t.deepEqual(chains(portRules({...port, device: 'br-dual'}, {userlandProxy: true}), 'ipv6'), {
    'filter DOCKER': ['-d fd00:1::2/128 ! -i br-dual -o br-dual -p tcp -m tcp --dport 80 -j ACCEPT'],
    'nat DOCKER': ['! -i br-dual -p tcp -m tcp --dport 8080 -j DNAT --to-destination [fd00:1::2]:80'],
  });
  const local = portRules({...port, hostAddress: '::1', device: 'br-dual'}, {userlandProxy: true});
  t.deepEqual(chains(local, 'ipv6')['raw PREROUTING'], ['-d ::1/128 ! -i lo -p tcp -m tcp --dport 8080 -j DROP']);
});

test('a policy may come with a change', t => {
  const rule: FirewallRule = {table: 'filter', chain: 'DOCKER', rule: '-i x -j DROP', at: 'tail'};
  t.is(changeInput([rule], [], {dropForward: true}), '*filter\n-P FORWARD DROP\n-A DOCKER -i x -j DROP\nCOMMIT\n');
});
