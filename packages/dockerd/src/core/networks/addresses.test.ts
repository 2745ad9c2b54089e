import {codeOf} from '@longshore/errdefs';
import test from 'ava';
import {AddressPool} from './address-pool.ts';
import {
  containsAddress,
  formatIpv4,
  formatSubnet,
  lastAddress,
  overlaps,
  parseCidr,
  parseIpv4,
  parseSubnet,
  type Subnet,
} from './ipv4.ts';
import {parseMac, randomMac} from './mac-address.ts';
import {defaultSubnetPools, parseSubnetPools, pickSubnet} from './subnet-pools.ts';

const subnet = (text: string): Subnet => parseSubnet(text) as Subnet;
const ip = (text: string): number => parseIpv4(text) as number;

test('addresses survive both ways, what is none is refused', t => {
  for (const text of ['0.0.0.0', '172.17.0.2', '255.255.255.255', '127.0.0.1']) t.is(formatIpv4(ip(text)), text);
  for (const text of ['', '1.2.3', '1.2.3.256', '1.2.3.04', '1.2.3.4.5', 'a.b.c.d', '1.2.3.4 ', '::1']) {
    t.is(parseIpv4(text), undefined, text);
  }
  t.deepEqual(parseCidr('172.17.0.1/16'), {address: ip('172.17.0.1'), prefix: 16});
  for (const text of ['1.2.3.4', '1.2.3.4/33', '1.2.3.4/', '1.2.3.4/024', '1.2.3.4/8/9'])
    t.is(parseCidr(text), undefined);
  t.is(parseSubnet('172.17.0.1/16'), undefined);
});

test('subnets know what is in them', t => {
  const big = subnet('172.16.0.0/12');
  t.true(containsAddress(big, ip('172.31.255.255')));
  t.false(containsAddress(big, ip('172.32.0.0')));
  t.true(overlaps(big, subnet('172.17.0.0/16')));
  t.true(overlaps(subnet('0.0.0.0/0'), big));
  t.false(overlaps(subnet('172.17.0.0/16'), subnet('172.18.0.0/16')));
  t.is(formatIpv4(lastAddress(subnet('10.0.0.0/8'))), '10.255.255.255');
  t.is(formatIpv4(lastAddress(subnet('255.255.255.0/24'))), '255.255.255.255');
});

test('a pool hands out the lowest free address, never the network, the gateway or the broadcast address', t => {
  const pool = new AddressPool({subnet: subnet('10.0.0.0/29'), reserved: [ip('10.0.0.1')]});
  const given = Array.from({length: 5}, () => formatIpv4(pool.allocate()));
  t.deepEqual(given, ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6']);
  t.is(codeOf(t.throws(() => pool.allocate())), 'resource-exhausted');
  pool.release(ip('10.0.0.4'));
  pool.release(ip('10.0.0.4'));
  pool.release(ip('10.0.0.1'));
  t.is(formatIpv4(pool.allocate()), '10.0.0.4');
  t.throws(() => pool.allocate());
  t.is(pool.used, 5);
});

test('a range bounds what is handed out, not what may be asked for', t => {
  const pool = new AddressPool({
    subnet: subnet('10.0.0.0/24'),
    range: subnet('10.0.0.128/30'),
    reserved: [ip('10.0.0.1')],
  });
  pool.reserve(ip('10.0.0.129'));
  pool.reserve(ip('10.0.0.7'));
  t.deepEqual(
    Array.from({length: 3}, () => formatIpv4(pool.allocate())),
    ['10.0.0.128', '10.0.0.130', '10.0.0.131'],
  );
  t.throws(() => pool.allocate());
  pool.release(ip('10.0.0.7'));
  t.throws(() => pool.allocate());
});

test('an address is reserved once', t => {
  const pool = new AddressPool({subnet: subnet('10.0.0.0/24'), reserved: [ip('10.0.0.1')]});
  pool.reserve(ip('10.0.0.2'));
  for (const text of ['10.0.0.2', '10.0.0.1', '10.0.0.0', '10.0.0.255']) {
    t.is(t.throws(() => pool.reserve(ip(text)))?.message, 'Address already in use');
  }
  t.is(codeOf(t.throws(() => pool.reserve(ip('10.0.1.2')))), 'invalid-argument');
  t.is(formatIpv4(pool.allocate()), '10.0.0.3');
});

test('a point-to-point subnet gives out both of its addresses', t => {
  const pool = new AddressPool({subnet: subnet('10.0.0.0/31')});
  t.deepEqual([pool.allocate(), pool.allocate()].map(formatIpv4), ['10.0.0.0', '10.0.0.1']);
});

test('the subnet of a network is the first that nobody uses', t => {
  const pick = (...taken: string[]) => formatSubnet(pickSubnet(defaultSubnetPools, taken.map(subnet)));
  t.is(pick(), '172.17.0.0/16');
  t.is(pick('172.17.0.0/16', '172.18.5.0/24'), '172.19.0.0/16');
  t.is(pick('172.16.0.0/12'), '192.168.0.0/20');
  t.is(pick('172.16.0.0/12', '192.168.3.0/24', '192.168.16.0/20'), '192.168.32.0/20');
  t.is(codeOf(t.throws(() => pick('0.0.0.0/0'))), 'invalid-argument');
});

test('pools of the configuration are checked', t => {
  const pools = parseSubnetPools([{base: '10.10.0.0/16', size: 24}]);
  t.is(formatSubnet(pickSubnet(pools, [subnet('10.10.0.0/24')])), '10.10.1.0/24');
  t.throws(() => parseSubnetPools([{base: '10.10.0.1/16', size: 24}]), {message: /invalid base pool/});
  t.throws(() => parseSubnetPools([{base: '10.10.0.0/16', size: 8}]), {message: /between 16 and 32/});
});

test('MAC addresses: random ones are local unicast, written ones are read in every form of Go', t => {
  for (let i = 0; i < 64; i++) t.regex(randomMac(), /^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/);
  for (const text of ['02:42:AC:11:00:02', '02-42-ac-11-00-02', '0242.ac11.0002'])
    t.is(parseMac(text), '02:42:ac:11:00:02');
  for (const text of ['', 'bad', '02:42:ac:11:00', '02:42-ac:11:00:02', '0242ac110002'])
    t.is(parseMac(text), undefined);
});
