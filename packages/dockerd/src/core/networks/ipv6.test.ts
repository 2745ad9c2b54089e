import {isIPv6} from 'node:net';
import test from 'ava';
import {AddressPool6} from './address-pool6.ts';
import {
  containsAddress6,
  formatIpv6,
  formatSubnet6,
  isLinkLocal6,
  lastAddress6,
  overlaps6,
  parseCidr6,
  parseIpv6,
  parseReverse6,
  parseSubnet6,
  type Subnet6,
} from './ipv6.ts';
import {localPool, parseSubnetPools6, pickSubnet6} from './subnet-pools6.ts';

const subnet = (text: string): Subnet6 => parseSubnet6(text) as Subnet6;
const ip = (text: string): bigint => parseIpv6(text) as bigint;

test('addresses survive both ways in their canonical form, what is none is refused', t => {
  for (const text of ['::', '::1', 'fd00::1', '2001:db8::8:800:200c:417a', 'fe80::1:0:0:1', '1:2:3:4:5:6:7:8', '1::']) {
    t.is(formatIpv6(ip(text)), text);
  }
  t.is(formatIpv6(ip('2001:DB8:0:0:1:0:0:1')), '2001:db8::1:0:0:1');
  t.is(formatIpv6(ip('1:0:2:3:4:5:6:7')), '1:0:2:3:4:5:6:7', 'a single zero stays');
  t.is(ip('::ffff:1.2.3.4'), 0xffff_0102_0304n);
  for (const text of ['', '1.2.3.4', 'fe80::1%eth0', '::1::', 'g::', '1:2:3']) t.is(parseIpv6(text), undefined, text);
  t.deepEqual(parseCidr6('fd00::1/64'), {address: ip('fd00::1'), prefix: 64});
  for (const text of ['fd00::1', 'fd00::/129', 'fd00::/', 'fd00::/064', '10.0.0.0/8'])
    t.is(parseCidr6(text), undefined);
  t.is(parseSubnet6('fd00::1/64'), undefined);
});

test('random addresses are read back', t => {
  for (let i = 0; i < 500; i++) {
    const groups = Array.from({length: 8}, () => (Math.random() < 0.5 ? 0 : Math.floor(Math.random() * 65_536)));
    const value = groups.reduce((all, group) => (all << 16n) | BigInt(group), 0n);
    const text = formatIpv6(value);
    t.true(isIPv6(text), text);
    t.is(parseIpv6(text), value, text);
  }
});

test('subnets know what is in them', t => {
  const big = subnet('fd00::/16');
  t.true(containsAddress6(big, ip('fd00:ffff::')));
  t.false(containsAddress6(big, ip('fd01::')));
  t.true(overlaps6(big, subnet('fd00:1::/64')));
  t.true(overlaps6(subnet('::/0'), big));
  t.false(overlaps6(subnet('fd00:1::/64'), subnet('fd00:1:0:1::/64')));
  t.is(formatIpv6(lastAddress6(subnet('fd00::/64'))), 'fd00::ffff:ffff:ffff:ffff');
  t.true(isLinkLocal6(ip('fe80::1')));
  t.false(isLinkLocal6(ip('fd80::1')));
  t.is(parseReverse6(`${'1.0.0.0.'.repeat(8)}ip6.arpa`), ip('1:1:1:1:1:1:1:1'));
  t.is(parseReverse6('1.0.ip6.arpa'), undefined);
});

test('the lowest free address is given out, in a subnet of any size', t => {
  const pool = new AddressPool6({subnet: subnet('fd00::/64'), reserved: [ip('fd00::1')]});
  t.is(pool.allocate(), ip('fd00::2'));
  t.is(pool.allocate(), ip('fd00::3'));
  pool.release(ip('fd00::2'));
  t.is(pool.allocate(), ip('fd00::2'));
  pool.reserve(ip('fd00::abcd'));
  t.throws(() => pool.reserve(ip('fd00::abcd')), {message: 'Address already in use'});
  t.throws(() => pool.reserve(ip('fd00::1')), {message: 'Address already in use'});
  t.throws(() => pool.reserve(ip('fd01::1')), {message: 'requested address fd01::1 is out of range'});
  const tiny = new AddressPool6({subnet: subnet('fd00::/126'), reserved: [ip('fd00::1')]});
  t.deepEqual([tiny.allocate(), tiny.allocate()], [ip('fd00::2'), ip('fd00::3')]);
  t.throws(() => tiny.allocate(), {message: 'no available addresses on this pool'});
  const ranged = new AddressPool6({subnet: subnet('fd00::/64'), range: subnet('fd00::1:0/112')});
  t.is(ranged.allocate(), ip('fd00::1:0'));
});

test("the machine's own pool is the same for the same engine, and gives subnets in order", t => {
  const own = localPool('engine');
  t.deepEqual(localPool('engine'), own);
  t.notDeepEqual(localPool('other'), own);
  t.regex(formatSubnet6(own.base), /^fd[0-9a-f]{2}:.*::\/48$/);
  const first = pickSubnet6([own], []);
  const second = pickSubnet6([own], [first]);
  t.is(second.address - first.address, 1n << 64n);
  t.is(pickSubnet6([own], [first, second]).address - second.address, 1n << 64n);
  const pools = parseSubnetPools6([
    {base: '10.0.0.0/8', size: 24},
    {base: 'fd00:1::/63', size: 64},
  ]);
  t.is(pools.length, 1);
  t.is(formatSubnet6(pickSubnet6(pools, [subnet('fd00:1::/64')])), 'fd00:1:0:1::/64');
  t.throws(() => pickSubnet6(pools, [subnet('fd00::/16')]), {message: /fully subnetted/});
  t.throws(() => parseSubnetPools6([{base: 'fd00::/48', size: 40}]), {message: /must be between 48 and 128/});
  t.throws(() => parseSubnetPools6([{base: 'fd00::', size: 64}]), {message: /invalid CIDR block notation/});
});
