/** Networks with IPv6. */
import {deepStrictEqual as equal, match, ok, rejects} from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {sleep} from '@longshore/base';
import {inNetns, openNetlink} from '@longshore/linux';
import {endpointSettings} from '../../../core/containers/documents/network-settings.ts';
import {networkCreateRequest} from '../../../core/networks/documents.ts';
import {ctx, fetchFrom, open, request, root, rules, serve, textFrom} from './support.testing.ts';

const zero = networkCreateRequest.zero();
const tables = ['raw', 'filter', 'nat'];
const rules6 = () => tables.flatMap(table => rules(table, 'ip6tables-save'));

/** Global addresses and default gateway of IPv6 inside. */
function inside(namespace: string) {
  using netlink = inNetns(namespace, openNetlink);
  const addresses = netlink.addressList('eth0').filter(({family, scope}) => family === 'ipv6' && scope === 0);
  const route = netlink.routeList().find(({family, destination}) => family === 'ipv6' && destination === 'default');
  return {addresses: addresses.map(({prefix}) => prefix), gateway: route?.gateway};
}

const readSysctl = (path: string) => readFileSync(`/proc/sys/${path}`, 'utf8').trim();

/** Of the table that is set up last. */
const isJump = (rule: string) => /^-A PREROUTING .*-j DOCKER$/.test(rule);

function policy(): string {
  const saved = execFileSync('ip6tables-save', ['-t', 'filter'], {encoding: 'utf8'});
  return /^:FORWARD (\S+)/m.exec(saved)?.[1] ?? '';
}

export const ipv6Scenarios: Record<string, () => Promise<void>> = {
  async 'a network with IPv6: addresses, routes, files, published ports, over a crash'() {
    const networks = await open();
    await networks.controller.restore(ctx, []);
    equal([readSysctl('net/ipv6/conf/all/forwarding'), policy()], ['0', 'ACCEPT']);
    ok(!rules6().some(isJump), 'a start without such networks does not wait for it');
    for (const end = Date.now() + 20_000; !rules6().some(isJump); await sleep(100))
      ok(Date.now() < end, 'set up later');
    const before = rules6();
    const dual = await networks.manager.create(ctx, {
      ...zero,
      Name: 'dual',
      EnableIPv6: true,
      IPAM: {Driver: '', Options: null, Config: [{...noPool, Subnet: 'fd00:31::/64'}]},
    });
    equal([readSysctl('net/ipv6/conf/all/forwarding'), policy()], ['1', 'DROP']);
    equal(
      dual.record.IPAM.Config?.map(({Subnet}) => Subnet),
      ['172.18.0.0/16', 'fd00:31::/64'],
    );
    const publish = {exposedPorts: ['80/tcp'], portBindings: {'80/tcp': [{HostIp: '', HostPort: '8080'}]}};
    const web = await networks.controller.attach(ctx, request('web', {networkMode: 'dual', ...publish}));
    const namespace = web.netnsPath as string;
    equal(inside(namespace), {addresses: ['fd00:31::2/64'], gateway: 'fd00:31::1'});
    const settings = web.settings.Networks?.dual;
    equal(
      [settings?.GlobalIPv6Address, settings?.GlobalIPv6PrefixLen, settings?.IPv6Gateway],
      ['fd00:31::2', 64, 'fd00:31::1'],
    );
    match(readFileSync(request('web').files.hosts, 'utf8'), /^172\.18\.0\.2\tweb\nfd00:31::2\tweb$/m);
    const server = await serve(namespace, 'hello over six', '::');
    ok(
      rules6().includes(
        `-A DOCKER ! -i ${dual.record.Bridge} -p tcp -m tcp --dport 8080 -j DNAT --to-destination [fd00:31::2]:80`,
      ),
    );
    ok(rules6().includes(`-A POSTROUTING -s fd00:31::/64 ! -o ${dual.record.Bridge} -j MASQUERADE`));
    const fixed = endpointSettings.decode({IPAMConfig: {IPv6Address: 'fd00:31::99'}}, '');
    const peer = await networks.controller.attach(
      ctx,
      request('peer', {networkMode: 'dual', endpoints: {dual: fixed}}),
    );
    equal(inside(peer.netnsPath as string).addresses, ['fd00:31::99/64']);
    equal(await fetchFrom(peer.netnsPath as string, 'fd00:31::2'), 'hello over six');
    equal(await textFrom('fd00:31::2'), 'hello over six', 'the host reaches it at once');
    equal(await textFrom('::1', 8080), 'hello over six');
    equal(await fetchFrom(peer.netnsPath as string, 'fd00:31::1', 8080), 'hello over six');
    const held = rules6();
    // The next daemon finds what the last one left.
    await networks[Symbol.asyncDispose]();
    await using after = await open();
    await after.controller.restore(ctx, [
      {request: request('web', {networkMode: 'dual', ...publish}), settings: web.settings},
      {request: request('peer', {networkMode: 'dual', endpoints: {dual: fixed}}), settings: peer.settings},
    ]);
    equal(rules6().sort(), held.sort());
    await rejects(
      after.controller.attach(ctx, request('again', {networkMode: 'dual', endpoints: {dual: fixed}})),
      /Address already in use/,
    );
    const third = await after.controller.attach(ctx, request('third', {networkMode: 'dual'}));
    equal(inside(third.netnsPath as string).addresses, ['fd00:31::3/64']);
    for (const name of ['web', 'peer', 'third']) await after.controller.release(ctx, request(name).containerId);
    server.close();
    await after.manager.remove(ctx, 'dual');
    equal(rules6(), before);
    equal(readSysctl('net/ipv6/conf/all/forwarding'), '1', 'others may need it by now');
  },

  async 'IPv6 of the default bridge, and of networks by default'() {
    writeFileSync('/proc/sys/net/ipv6/conf/all/forwarding', '0');
    await using networks = await open({
      ipv6: true,
      fixedCidrV6: '2001:db8:7::/64',
      ipForwardNoDrop: true,
      defaultNetworkOptions: {bridge: {'com.docker.network.enable_ipv6': 'true'}},
    });
    await networks.controller.restore(ctx, []);
    equal([readSysctl('net/ipv6/conf/all/forwarding'), policy()], ['1', 'ACCEPT']);
    const box = await networks.controller.attach(ctx, request('box', {extraHosts: ['gw:host-gateway']}));
    equal(inside(box.netnsPath as string), {addresses: ['2001:db8:7::2/64'], gateway: '2001:db8:7::1'});
    match(readFileSync(join(root, 'box-hosts'), 'utf8'), /^172\.17\.0\.1\tgw\n2001:db8:7::1\tgw$/m);
    ok(rules6().includes('-A POSTROUTING -s 2001:db8:7::/64 ! -o docker0 -j MASQUERADE'));
    const first = await networks.manager.create(ctx, {...zero, Name: 'first'});
    const second = await networks.manager.create(ctx, {...zero, Name: 'second'});
    const subnets = [first, second].map(({record}) => record.IPAM.Config?.[1]?.Subnet ?? '');
    for (const subnet of subnets) match(subnet, /^fd[0-9a-f]{2}:.*::\/64$/);
    ok(subnets[0] !== subnets[1]);
    const without = await networks.manager.create(ctx, {...zero, Name: 'without', EnableIPv6: false});
    equal(without.record.IPAM.Config?.length, 1);
    const plain = await networks.controller.attach(ctx, request('plain', {networkMode: 'without'}));
    equal(inside(plain.netnsPath as string), {addresses: [], gateway: undefined});
    await rejects(
      networks.manager.create(ctx, {
        ...zero,
        Name: 'taken',
        IPAM: {Driver: '', Options: null, Config: [{...noPool, Subnet: '2001:db8::/32'}]},
      }),
      /Pool overlaps with other one on this address space/,
    );
    for (const name of ['box', 'plain']) await networks.controller.release(ctx, request(name).containerId);
  },

  async 'without a packet filter of IPv6 its rules are nowhere'() {
    await using networks = await open({ipv6: true, ip6tables: false, ipForward: false});
    await networks.controller.restore(ctx, []);
    equal(rules6(), []);
    equal(readSysctl('net/ipv6/conf/all/forwarding'), '0');
    const box = await networks.controller.attach(ctx, request('box'));
    equal(inside(box.netnsPath as string).addresses.length, 1);
    await networks.controller.release(ctx, request('box').containerId);
  },
};

const noPool = {Subnet: '', IPRange: '', Gateway: '', AuxiliaryAddresses: null};
