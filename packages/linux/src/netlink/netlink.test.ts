import {setTimeout as sleep} from 'node:timers/promises';
import type {ExecutionContext} from 'ava';
import {
  AT_FDCWD,
  closeFd,
  createNetns,
  deleteNetns,
  inNetns,
  type Netlink,
  NUD_PERMANENT,
  O_RDONLY,
  openAt,
  openNetlink,
  readKernelFile,
} from '../index.ts';
import {rootTest, tempDir} from '../test-support.ts';

/** Two connected namespaces as a bridge network has them: `host` with br0 and v0, `inside` with eth0. */
function sandbox(t: ExecutionContext): {host: Netlink; inside: Netlink; inNamespace: <T>(fn: () => T) => T} {
  const dir = tempDir(t);
  const open = (name: string) => {
    const path = `${dir}/${name}`;
    createNetns(path);
    const netlink = inNetns(path, openNetlink);
    t.teardown(() => {
      netlink[Symbol.dispose]();
      deleteNetns(path);
    });
    return netlink;
  };
  const host = open('host');
  const inside = open('inside');
  const fd = openAt(AT_FDCWD, `${dir}/inside`, O_RDONLY);
  host.linkAddBridge('br0', {mac: '02:42:00:00:00:01', forwardDelay: 0, multicastSnooping: false});
  host.linkAddVeth({
    name: 'v0',
    peer: 'eth0',
    peerNetns: fd,
    mac: '02:42:00:00:00:02',
    peerMac: '02:42:00:00:00:03',
    mtu: 1400,
  });
  closeFd(fd);
  return {host, inside, inNamespace: fn => inNetns(`${dir}/inside`, fn)};
}

rootTest('bridge and veth are made as told', t => {
  const {host, inside} = sandbox(t);
  const bridge = host.linkGet('br0');
  t.like(bridge, {kind: 'bridge', mac: '02:42:00:00:00:01', up: false, mtu: 1500});
  t.like(host.linkGet('v0'), {kind: 'veth', mac: '02:42:00:00:00:02', mtu: 1400});
  t.like(inside.linkGet('eth0'), {kind: 'veth', mac: '02:42:00:00:00:03', mtu: 1400, up: false});
  host.linkSetMaster('v0', 'br0');
  host.setBridgePort('v0', {hairpin: true});
  host.setBridgeOptions('br0', {ageingTime: 12_300, stp: false});
  t.is(host.linkGet('v0').master, bridge.index);
  t.is(host.linkGet(bridge.index).name, 'br0');
  host.linkSetMaster('v0', null);
  t.is(host.linkGet('v0').master, undefined);
});

rootTest('links are changed, moved and deleted', t => {
  const {host, inside} = sandbox(t);
  host.linkSetDown('v0');
  host.linkRename('v0', 'renamed');
  host.linkSetMtu('renamed', 1300);
  host.linkSetMac('renamed', '02:00:00:00:00:77');
  t.like(host.linkGet('renamed'), {mtu: 1300, mac: '02:00:00:00:00:77'});
  t.throws(() => host.linkGet('v0'), {code: 'not-found'});
  host.linkSetUp('renamed');
  t.true(host.linkGet('renamed').up);
  host.linkDelete('renamed');
  t.deepEqual(
    inside.linkList().map(link => link.name),
    ['lo'],
    'the peer has gone too',
  );
  t.throws(() => host.linkDelete('renamed'), {code: 'not-found'});
});

rootTest('a link is moved into a namespace by its descriptor', t => {
  const dir = tempDir(t);
  createNetns(`${dir}/ns`);
  using here = openNetlink();
  const fd = openAt(AT_FDCWD, `${dir}/ns`, O_RDONLY);
  here.linkAddVeth({name: 'move0', peer: 'stay0'});
  here.linkSetNetns('move0', fd);
  t.throws(() => here.linkGet('move0'), {code: 'not-found'});
  using there = inNetns(fd, openNetlink);
  t.is(there.linkGet('move0').kind, 'veth');
  here.linkDelete('stay0');
  closeFd(fd);
  deleteNetns(`${dir}/ns`);
});

rootTest('addresses and routes of a container carry packets', async t => {
  const {host, inside, inNamespace} = sandbox(t);
  host.linkSetMaster('v0', 'br0');
  for (const link of ['v0', 'br0']) host.linkSetUp(link);
  host.addressAdd('br0', '172.30.0.1/16');
  inside.linkSetUp('lo');
  inside.addressAdd('eth0', '172.30.0.2/16', {broadcast: true});
  inside.addressAdd('eth0', 'fd00:30::2/64', {noDuplicateDetection: true});
  inside.linkSetUp('eth0');
  inside.routeAdd({gateway: '172.30.0.1'});
  inside.routeAdd({gateway: 'fd00:30::1'});
  inside.routeAdd({destination: '10.9.0.0/16', link: 'eth0', metric: 7});
  t.like(
    inside.addressList('eth0').find(a => a.prefix === '172.30.0.2/16'),
    {
      family: 'ipv4',
      broadcast: '172.30.255.255',
      label: 'eth0',
      scope: 0,
    },
  );
  const routes = inside.routeList();
  const index = inside.linkGet('eth0').index;
  t.like(
    routes.find(r => r.destination === 'default' && r.family === 'ipv4'),
    {gateway: '172.30.0.1', linkIndex: index},
  );
  t.like(
    routes.find(r => r.destination === 'default' && r.family === 'ipv6'),
    {gateway: 'fd00:30::1'},
  );
  t.like(
    routes.find(r => r.destination === '10.9.0.0/16'),
    {metric: 7, scope: 253, linkIndex: index},
  );
  t.true(inside.routeList(0).length > routes.length, 'the local table too');
  // The kernel itself sends a neighbour solicitation for the address: packets of the peer are counted.
  for (let i = 0; i < 100 && host.linkGet('v0').statistics!.rxPackets === 0n; i++) await sleep(20);
  t.true(host.linkGet('v0').statistics!.rxPackets > 0n);
  t.regex(
    inNamespace(() => readKernelFile('/proc/thread-self/net/route')),
    /^eth0\t00000000\t01001EAC/m,
  );
  inside.routeDelete({gateway: '172.30.0.1'});
  t.false(inside.routeList().some(r => r.destination === 'default' && r.family === 'ipv4'));
  inside.addressDelete('eth0', '172.30.0.2/16');
  t.false(inside.addressList('eth0').some(a => a.family === 'ipv4'));
});

rootTest('a gateway outside every network needs onLink; replace changes a route', t => {
  const {inside} = sandbox(t);
  inside.addressAdd('eth0', '172.30.0.2/32');
  inside.linkSetUp('eth0');
  const route = {gateway: '10.0.0.1', link: 'eth0'};
  const error = t.throws(() => inside.routeAdd(route));
  t.regex(error.message, /ENETUNREACH: network is unreachable: .*gateway/, 'the kernel explains');
  inside.routeAdd({...route, onLink: true});
  t.throws(() => inside.routeAdd({...route, onLink: true}), {code: 'already-exists'});
  inside.routeAdd({gateway: '10.0.0.2', link: 'eth0', onLink: true}, {replace: true});
  t.is(inside.routeList().find(r => r.destination === 'default')!.gateway, '10.0.0.2');
});

rootTest('neighbours are fixed, proxied, listed and removed', t => {
  const {inside} = sandbox(t);
  inside.linkSetUp('eth0');
  inside.addressAdd('eth0', '172.30.0.2/16');
  const entry = {link: 'eth0', ip: '172.30.0.9', mac: '02:00:00:00:00:09'};
  inside.neighbourAdd(entry);
  inside.neighbourAdd({...entry, mac: '02:00:00:00:00:10'});
  const linkIndex = inside.linkGet('eth0').index;
  const found = inside.neighbourList('eth0').filter(n => n.ip === entry.ip);
  t.deepEqual(found, [{linkIndex, ip: entry.ip, mac: '02:00:00:00:00:10', state: NUD_PERMANENT}]);
  inside.neighbourAdd({link: 'eth0', ip: '172.30.0.50', proxy: true});
  inside.neighbourDelete({link: 'eth0', ip: '172.30.0.50', proxy: true});
  inside.neighbourDelete(entry);
  t.false(inside.neighbourList('eth0').some(n => n.ip === entry.ip));
});

rootTest('failures have the code of what happened', t => {
  const {host} = sandbox(t);
  t.throws(() => host.linkAddBridge('br0'), {code: 'already-exists', message: /^cannot add link "br0": EEXIST/});
  t.throws(() => host.linkSetMaster('v0', 'none'), {code: 'not-found'});
  host.addressAdd('br0', '10.0.0.1/8');
  t.throws(() => host.addressAdd('br0', '10.0.0.1/8'), {code: 'already-exists'});
  t.throws(() => host.routeAdd({}), {code: 'invalid-argument'});
  for (const name of ['', 'a/b', 'with space', 'sixteen-bytes-xx', '..'])
    t.throws(() => host.linkAddBridge(name), {code: 'invalid-argument'}, name);
});

rootTest('tables longer than one answer are read whole', t => {
  const {host} = sandbox(t);
  for (let i = 0; i < 150; i++) host.linkAddBridge(`many${i}`);
  const names = new Set(host.linkList().map(link => link.name));
  t.is(names.size, 153);
  host.linkSetUp('br0');
  host.addressAdd('br0', '10.200.0.1/16');
  for (let i = 0; i < 600; i++)
    host.routeAdd({destination: `10.${Math.floor(i / 250)}.${i % 250}.0/24`, gateway: '10.200.0.2'});
  t.is(host.routeList().filter(route => route.gateway === '10.200.0.2').length, 600);
});
