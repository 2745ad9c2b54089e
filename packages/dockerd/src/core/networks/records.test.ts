import {codeOf} from '@longshore/errdefs';
import test from 'ava';
import {networkDetailsToJson} from '../../http/networks/convert.ts';
import {endpointSettings} from '../containers/documents/network-settings.ts';
import {recordedTest, recording} from '../recordings.testing.ts';
import {networkFromRequest} from './create-request.ts';
import {type NetworkRecord, networkCreateRequest, networkRecord} from './documents.ts';
import {checkEndpoint} from './endpoint-rules.ts';
import {parseSubnet, type Subnet} from './ipv4.ts';
import {formatSubnet6, parseSubnet6, type Subnet6} from './ipv6.ts';
import {openNetwork} from './network.ts';
import type {NetworkConfig} from './network-config.ts';
import {bridgeRecord, plainRecord} from './predefined.ts';
import {type Endpoint, sandboxRecord} from './sandbox-record.ts';
import {defaultSubnetPools} from './subnet-pools.ts';
import {localPool, pickSubnet6} from './subnet-pools6.ts';

const config: NetworkConfig = {
  bridge: 'docker0',
  bip: '',
  fixedCidr: '',
  defaultGateway: '',
  ipv6: false,
  bip6: '',
  fixedCidrV6: '',
  defaultGatewayV6: '',
  pools: defaultSubnetPools,
  pools6: [localPool('test')],
  mtu: 1500,
  icc: true,
  defaultBindingIp: '0.0.0.0',
  iptables: true,
  ip6tables: true,
  ipForward: true,
  ipForwardNoDrop: false,
  ipMasq: true,
  userlandProxy: true,
  allowDirectRouting: false,
  userlandProxyPath: '',
  dns: [],
  dnsOptions: [],
  dnsSearch: [],
  hostGatewayIps: [],
  defaultNetworkOptions: {},
};
const nothing = {
  hostSubnets: [],
  networkSubnets: [],
  deviceCidr: undefined,
  takenSubnets6: [],
  deviceCidr6: undefined,
};
const subnet = (text: string) => parseSubnet(text) as Subnet;

/** As the API shows a network, with what differs from run to run taken from `like`. */
function shown(record: NetworkRecord, like: {Id: string; Created: string}) {
  const network = openNetwork(
    {...record, Id: like.Id, Created: like.Created},
    {mtu: 1500, userlandProxy: true, allowDirectRouting: false},
  );
  return {network, json: () => JSON.parse(JSON.stringify(networkDetailsToJson(network)))};
}

recordedTest('networks look as they were recorded', t => {
  const expected = (name: string) => JSON.parse(recording(`api/network_inspect_${name}.json`));
  const same = (record: NetworkRecord, name: string) =>
    t.deepEqual(shown(record, expected(name)).json(), expected(name), name);
  same(bridgeRecord(config, undefined, nothing), 'bridge');
  same(plainRecord('host'), 'host');
  same(plainRecord('none'), 'none');
  const request = (body: object) => networkFromRequest(networkCreateRequest.decode(body, ''), 1500);
  const int1 = request({
    Name: 'int1',
    Internal: true,
    IPAM: {Driver: 'default', Options: {}, Config: []},
    Options: {'com.docker.network.bridge.name': 'br-int1'},
  });
  const pool = {Subnet: '172.18.0.0/16', Gateway: '172.18.0.1', IPRange: '', AuxiliaryAddresses: null};
  same({...int1, IPAM: {...int1.IPAM, Config: [pool]}}, 'int1');
  const net1 = request({
    Name: 'net1',
    Labels: {x: 'y'},
    IPAM: {Driver: 'default', Options: {}, Config: [{Subnet: '172.30.0.0/24', Gateway: '172.30.0.1'}]},
  });
  const {network, json} = shown(net1, expected('net1'));
  const zero = sandboxRecord.decode({endpoints: [{}]}, '').endpoints?.[0] as Endpoint;
  for (const [id, container] of Object.entries(expected('net1').Containers as Record<string, Record<string, string>>)) {
    const [address = '', prefix] = (container.IPv4Address as string).split('/');
    network.endpoints.set(id, {
      ...zero,
      containerName: container.Name as string,
      id: container.EndpointID as string,
      mac: container.MacAddress as string,
      address,
      prefix: Number(prefix),
    });
  }
  t.deepEqual(json(), expected('net1'));
});

test('requests that make no network are refused with the words of the original', t => {
  const refused = (body: object, code: string, message: string) => {
    const error = t.throws(() => networkFromRequest(networkCreateRequest.decode(body, ''), 1500));
    t.is(error?.message, message);
    t.is(codeOf(error), code as never);
  };
  const bad = 'invalid-argument';
  refused({}, bad, 'invalid name: name is empty');
  refused({Name: 'host'}, 'permission-denied', 'operation is not permitted on predefined host network ');
  refused({Name: 'x', Driver: 'bogus'}, 'not-found', 'plugin "bogus" not found');
  refused({Name: 'x', Driver: 'host'}, 'permission-denied', 'only one instance of "host" network is allowed');
  const pool = (parts: object) => ({Name: 'x', IPAM: {Config: [parts]}});
  refused(pool({Subnet: 'bad'}), bad, 'invalid network config:\ninvalid subnet bad: invalid CIDR block notation');
  refused(
    pool({Subnet: '10.1.0.1/24'}),
    bad,
    'invalid network config:\ninvalid subnet 10.1.0.1/24: it should be 10.1.0.0/24',
  );
  refused(
    pool({Subnet: '10.1.0.0/24', Gateway: '10.2.0.1'}),
    bad,
    "invalid network config:\ninvalid gateway 10.2.0.1: parent subnet 10.1.0.0/24 doesn't contain this address",
  );
  refused(
    pool({Subnet: 'fd00::1/64'}),
    bad,
    'invalid network config:\ninvalid subnet fd00::1/64: it should be fd00::/64',
  );
  refused(
    pool({Subnet: 'fd00::/64', Gateway: 'fd01::1'}),
    bad,
    "invalid network config:\ninvalid gateway fd01::1: parent subnet fd00::/64 doesn't contain this address",
  );
  refused(
    pool({Subnet: 'fd00::/64', IPRange: 'fd00::/48'}),
    bad,
    "invalid network config:\ninvalid ip-range fd00::/48: parent subnet fd00::/64 doesn't contain ip-range",
  );
  refused(
    {Name: 'x', IPAM: {Config: [{Subnet: 'fd00::/64'}, {Subnet: 'fd01::/64'}]}},
    'unimplemented',
    'more than one subnet of a family in a bridge network is not implemented',
  );
  refused(
    {Name: 'x', Options: {'com.docker.network.bogus': '1'}},
    'unimplemented',
    'network option com.docker.network.bogus=1 is not implemented',
  );
  refused(
    {Name: 'x', Options: {'com.docker.network.driver.mtu': '12'}},
    bad,
    'invalid value "12" of network option com.docker.network.driver.mtu',
  );
  t.is(networkFromRequest(networkCreateRequest.decode({Name: 'bad/name!'}, ''), 1500).Name, 'bad/name!');
});

test('what a container asks of a network is checked before anything is made', t => {
  const net1 = networkFromRequest(
    networkCreateRequest.decode({Name: 'net1', IPAM: {Config: [{Subnet: '172.30.0.0/24'}]}}, ''),
    1500,
  );
  const refused = (name: string, settings: object, record: NetworkRecord | undefined, message: string) => {
    const error = t.throws(() => checkEndpoint(name, endpointSettings.decode(settings, ''), record));
    t.is(error?.message, message);
  };
  const bridge = bridgeRecord(config, undefined, nothing);
  refused(
    'bridge',
    {IPAMConfig: {IPv4Address: '1.2.3.4'}},
    bridge,
    'invalid config for network bridge: invalid endpoint settings:\n* user specified IP address is supported on user defined networks only\n* user specified IP address is supported only when connecting to networks with user configured subnets',
  );
  refused(
    'net1',
    {IPAMConfig: {IPv4Address: 'bad'}},
    net1,
    'invalid config for network net1: invalid endpoint settings:\n* invalid IPv4 address: bad\n* no configured subnet or ip-range contain the IP address bad',
  );
  refused(
    'net1',
    {IPAMConfig: {IPv4Address: '10.9.9.9'}},
    net1,
    'invalid config for network net1: invalid endpoint settings:\nno configured subnet or ip-range contain the IP address 10.9.9.9',
  );
  refused('bridge', {MacAddress: 'bad'}, bridge, 'invalid config for network bridge: invalid MAC address bad');
  refused(
    'net1',
    {DriverOpts: {'com.docker.network.endpoint.sysctls': 'x=1'}},
    net1,
    'endpoint option com.docker.network.endpoint.sysctls=x=1 is not implemented',
  );
  t.notThrows(() =>
    checkEndpoint('net1', endpointSettings.decode({IPAMConfig: {IPv4Address: '172.30.0.9'}, Aliases: ['a']}, ''), net1),
  );
  t.notThrows(() =>
    checkEndpoint('later', endpointSettings.decode({IPAMConfig: {IPv4Address: '172.30.0.9'}}, ''), undefined),
  );
});

recordedTest('a network with IPv6 looks as it was recorded', t => {
  const expected = JSON.parse(recording('api/network_inspect_net2_ipv6.json'));
  const body = {Name: 'net2', EnableIPv6: true, IPAM: {Config: expected.IPAM.Config}};
  t.deepEqual(shown(networkFromRequest(networkCreateRequest.decode(body, ''), 1500), expected).json(), expected);
  const byDefault = {Name: 'x', Options: {'com.docker.network.enable_ipv6': 'true'}};
  t.true(networkFromRequest(networkCreateRequest.decode(byDefault, ''), 1500).EnableIPv6);
});

test('an IPv6 address of a container must be of a subnet that the user chose', t => {
  const refused = (record: NetworkRecord, fault: string) =>
    t.throws(
      () => checkEndpoint(record.Name, endpointSettings.decode({IPAMConfig: {IPv6Address: 'fd01::9'}}, ''), record),
      {message: `invalid config for network ${record.Name}: invalid endpoint settings:\n${fault}`},
    );
  const request = (body: object) => networkFromRequest(networkCreateRequest.decode({Name: 'n', ...body}, ''), 1500);
  const own = request({EnableIPv6: true, IPAM: {Config: [{Subnet: 'fd00::/64'}]}});
  refused(own, 'no configured subnet or ip-range contain the IP address fd01::9');
  const picked = 'user specified IP address is supported only when connecting to networks with user configured subnets';
  refused(request({EnableIPv6: true}), picked);
  refused(request({}), picked);
  const settings = (address: string) => endpointSettings.decode({IPAMConfig: {IPv6Address: address}}, '');
  t.notThrows(() => checkEndpoint('n', settings('fd00::9'), own));
  t.throws(() => checkEndpoint('n', settings('bad'), own), {message: /\* invalid IPv6 address: bad\n\* no configured/});
});

test('the default bridge gets IPv6 from its flags, its device, or the pools', t => {
  const pool = (record: NetworkRecord) => record.IPAM.Config?.[1];
  const on = {...config, ipv6: true};
  t.is(pool(bridgeRecord(config, undefined, nothing)), undefined);
  const picked = bridgeRecord(on, undefined, nothing);
  t.regex(pool(picked)?.Subnet ?? '', /^fd[0-9a-f]{2}:[0-9a-f]+:[0-9a-f]+::\/64$/);
  t.is(`${pool(picked)?.Subnet?.replace('/64', '')}1`, pool(picked)?.Gateway ?? '');
  const second = pickSubnet6(on.pools6, [parseSubnet6(pool(picked)?.Subnet ?? '') as Subnet6]);
  const moved = bridgeRecord(on, undefined, {...nothing, takenSubnets6: [second]});
  t.is(pool(moved)?.Subnet, pool(picked)?.Subnet);
  const behind = {...picked, IPAM: {...picked.IPAM, Config: [zeroPool, {...zeroPool, Subnet: formatSubnet6(second)}]}};
  t.is(pool(bridgeRecord(on, behind, nothing))?.Subnet, formatSubnet6(second), 'keeps what it had');
  t.like(pool(bridgeRecord({...on, fixedCidrV6: '2001:db8:1::/64'}, picked, nothing)), {
    Subnet: '2001:db8:1::/64',
    Gateway: '2001:db8:1::1',
  });
  const own = bridgeRecord(
    {...on, bip6: 'fd05::5/48', fixedCidrV6: 'fd05::/64', defaultGatewayV6: 'fd05::9'},
    picked,
    nothing,
  );
  t.like(pool(own), {Subnet: 'fd05::/48', IPRange: 'fd05::/64', Gateway: 'fd05::9'});
  t.is(own.BridgeAddress6, 'fd05::5');
  const foreign = {...on, bridge: 'br0', bip: '10.0.0.1/24'};
  t.throws(() => bridgeRecord(foreign, undefined, nothing), {message: 'bridge "br0" has no IPv6 address'});
  t.is(pool(bridgeRecord(foreign, undefined, {...nothing, deviceCidr6: 'fd07::1/64'}))?.Subnet, 'fd07::/64');
  t.throws(() => bridgeRecord({...on, bip6: 'x'}, undefined, nothing), {
    message: 'invalid --bip6 "x": invalid CIDR address',
  });
  t.throws(() => bridgeRecord({...on, fixedCidrV6: 'x'}, undefined, nothing), {message: /invalid --fixed-cidr-v6 "x"/});
  t.throws(() => bridgeRecord({...on, bip6: 'fd05::5/64', fixedCidrV6: 'fd06::/64'}, undefined, nothing), {
    message: /is not in the bridge's subnet fd05::\/64/,
  });
});

const zeroPool = {Subnet: '', IPRange: '', Gateway: '', AuxiliaryAddresses: null};

test('the default bridge keeps its subnet until something speaks against it', t => {
  const pool = (record: NetworkRecord) => record.IPAM.Config?.[0];
  const first = bridgeRecord(config, undefined, {...nothing, hostSubnets: [subnet('172.17.0.0/16')]});
  t.is(pool(first)?.Subnet, '172.18.0.0/16');
  const again = bridgeRecord(config, first, nothing);
  t.deepEqual([pool(again)?.Subnet, again.Id], ['172.18.0.0/16', first.Id]);
  t.is(
    pool(bridgeRecord(config, first, {...nothing, hostSubnets: [subnet('172.18.3.0/24')]}))?.Subnet,
    '172.17.0.0/16',
  );
  t.is(pool(bridgeRecord(config, first, {...nothing, deviceCidr: '10.0.0.1/8'}))?.Subnet, '10.0.0.0/8');
  const own = bridgeRecord(
    {...config, bip: '10.1.2.3/24', defaultGateway: '10.1.2.254', fixedCidr: '10.1.2.128/25'},
    first,
    nothing,
  );
  t.deepEqual(pool(own), {
    Subnet: '10.1.2.0/24',
    IPRange: '10.1.2.128/25',
    Gateway: '10.1.2.254',
    AuxiliaryAddresses: null,
  });
  t.is(own.BridgeAddress, '10.1.2.3');
  t.throws(() => bridgeRecord({...config, fixedCidr: '10.9.0.0/24'}, first, nothing), {
    message: /is not in the bridge's subnet/,
  });
  t.throws(() => bridgeRecord({...config, bip: '10.1.2.3/24', defaultGateway: '11.0.0.1'}, first, nothing), {
    message: /auxiliary address: \(DefaultGatewayIPv4:11\.0\.0\.1\) must belong to the master pool: 10\.1\.2\.0\/24$/,
  });
  const on = {...config, ipv6: true, bip6: 'fd05::1/64'};
  t.throws(() => bridgeRecord({...on, defaultGatewayV6: 'fd06::1'}, undefined, nothing), {
    message: /DefaultGatewayIPv6:fd06::1/,
  });
  t.is(bridgeRecord({...on, defaultGatewayV6: 'fe80::1'}, undefined, nothing).IPAM.Config?.[1]?.Gateway, 'fe80::1');
});

test('a record survives its file', t => {
  const record = bridgeRecord(config, undefined, nothing);
  const stored = JSON.parse(JSON.stringify(networkRecord.encode(record)));
  t.deepEqual(networkRecord.encode(networkRecord.decode(stored, '')), stored);
});
