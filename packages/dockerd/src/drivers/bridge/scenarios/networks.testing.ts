/** Networks, their packet filter and their names. */
import {deepStrictEqual as equal, match, ok, rejects} from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {inNetns, openNetlink} from '@longshore/linux';
import {endpointSettings} from '../../../core/containers/documents/network-settings.ts';
import {Filters} from '../../../core/filters/filters.ts';
import {networkCreateRequest} from '../../../core/networks/documents.ts';
import type {AttachableContainer} from '../../../core/ports/network-controller.ts';
import {containers, ctx, links, open, request, resolve, root, rules} from './support.testing.ts';

export const networksScenarios: Record<string, () => Promise<void>> = {
  async 'rules are the same after any number of starts'() {
    const snapshots: string[][] = [];
    execFileSync('iptables', ['-N', 'DOCKER-USER']);
    execFileSync('iptables', ['-A', 'DOCKER-USER', '-s', '192.0.2.7/32', '-j', 'DROP']);
    execFileSync('iptables', ['-A', 'FORWARD', '-i', 'other0', '-j', 'ACCEPT']);
    for (let i = 0; i < 3; i++) {
      await using networks = await open();
      if (i === 0) await networks.manager.create(ctx, {...networkCreateRequest.zero(), Name: 'net1'});
      await networks.controller.restore(ctx, []);
      snapshots.push(['raw', 'filter', 'nat'].flatMap(table => rules(table)));
    }
    equal(snapshots[1], snapshots[0]);
    equal(snapshots[2], snapshots[0]);
    ok(snapshots[0]?.includes('-A DOCKER-USER -s 192.0.2.7/32 -j DROP'));
    ok(snapshots[0]?.includes('-A FORWARD -i other0 -j ACCEPT'));
    equal(snapshots[0]?.filter(rule => rule.startsWith('-A FORWARD')).slice(0, 2), [
      '-A FORWARD -j DOCKER-USER',
      '-A FORWARD -j DOCKER-FORWARD',
    ]);
    ok(execFileSync('iptables-save', ['-t', 'filter'], {encoding: 'utf8'}).includes(':FORWARD DROP'));
  },

  async 'user-defined networks come and go, rules that somebody flushed come back'() {
    await using networks = await open();
    await networks.controller.restore(ctx, []);
    const before = ['raw', 'filter', 'nat'].flatMap(table => rules(table));
    const net1 = await networks.manager.create(ctx, {...networkCreateRequest.zero(), Name: 'net1'});
    const device = net1.record.Bridge;
    equal(net1.record.IPAM.Config?.[0]?.Subnet, '172.18.0.0/16');
    ok(links().includes(device));
    await rejects(networks.manager.create(ctx, {...networkCreateRequest.zero(), Name: 'net1'}), {
      code: 'conflict',
      message: 'network with name net1 already exists',
    });
    const web = await networks.controller.attach(ctx, request('web', {networkMode: 'net1'}));
    equal(web.settings.Networks?.net1?.DNSNames, ['web', 'web000000000']);
    await rejects(networks.manager.remove(ctx, 'net1'), {
      code: 'permission-denied',
      message: `error while removing network: network net1 has active endpoints (name:"web" id:"${web.settings.Networks?.net1?.EndpointID.slice(0, 12)}")`,
    });
    await networks.controller.release(ctx, request('web').containerId);
    for (const table of ['raw', 'filter', 'nat']) execFileSync('iptables', ['-t', table, '-F']);
    await networks.manager.remove(ctx, net1.record.Id.slice(0, 8));
    equal(
      ['raw', 'filter', 'nat'].flatMap(table => rules(table)),
      before,
    );
    equal(links(), ['docker0']);
    await rejects(networks.manager.remove(ctx, 'bridge'), {
      code: 'permission-denied',
      message: 'bridge is a pre-defined network and cannot be removed',
    });
    equal(await networks.manager.prune(ctx, new Filters(), () => true), []);
  },

  async 'names on a user-defined network'() {
    await using networks = await open();
    await networks.controller.restore(ctx, []);
    await networks.manager.create(ctx, {...networkCreateRequest.zero(), Name: 'net1'});
    const settings = {...endpointSettings.zero(), Aliases: ['www']};
    const web = await networks.controller.attach(
      ctx,
      request('web', {networkMode: 'net1', endpoints: {net1: settings}}),
    );
    const db = await networks.controller.attach(ctx, request('db', {networkMode: 'net1'}));
    match(readFileSync(join(root, 'db-resolv.conf'), 'utf8'), /^nameserver 127\.0\.0\.11\noptions ndots:0$/m);
    for (const name of ['web', 'WWW', 'www.net1', 'web000000000']) {
      equal(await resolve(db.netnsPath as string, name), '172.18.0.2', name);
    }
    equal(await resolve(db.netnsPath as string, 'nosuch'), 'code 2');
    await networks.controller.rename(request('web').containerId, 'site');
    equal(await resolve(db.netnsPath as string, 'site'), '172.18.0.2');
    equal(await resolve(db.netnsPath as string, 'web'), 'code 2');
    await networks.controller.release(ctx, request('web').containerId);
    equal(await resolve(db.netnsPath as string, 'www'), 'code 2');
    ok(!existsSync(web.netnsPath as string));
  },

  async 'connect and disconnect while a container runs'() {
    await using networks = await open();
    await networks.controller.restore(ctx, []);
    await networks.manager.create(ctx, {...networkCreateRequest.zero(), Name: 'net1'});
    await networks.manager.create(ctx, {...networkCreateRequest.zero(), Name: 'closed', Internal: true});
    const {settings, netnsPath = ''} = await networks.controller.attach(ctx, request('c'));
    networks.controller.announce(request('c').containerId);
    const container = {id: request('c').containerId, name: 'c', running: true, networkMode: 'bridge', settings};
    containers.set('c', {
      ...container,
      request: () => request('c'),
      async update(change) {
        container.settings = await change(container.settings);
        containers.set('c', {...(containers.get('c') as AttachableContainer), settings: container.settings});
      },
    });
    await networks.attachments.connect(ctx, 'net1', 'c', {...endpointSettings.zero(), Aliases: ['x']});
    await networks.attachments.connect(ctx, 'closed', 'c', null);
    const {bridge, net1, closed} = container.settings.Networks ?? {};
    equal(
      [bridge?.IPAddress, net1?.IPAddress, closed?.IPAddress, closed?.Gateway],
      ['172.17.0.2', '172.18.0.2', '172.19.0.2', ''],
    );
    equal(net1?.DNSNames, ['c', 'x', 'c00000000000']);
    const gateway = () => {
      using inside = inNetns(netnsPath, openNetlink);
      return inside.routeList().find(({destination}) => destination === 'default')?.gateway;
    };
    equal(gateway(), '172.17.0.1');
    match(readFileSync(join(root, 'c-hosts'), 'utf8'), /172\.17\.0\.2\tc\n172\.18\.0\.2\tc\n172\.19\.0\.2\tc\n$/);
    await rejects(networks.attachments.connect(ctx, 'net1', 'c', null), {
      message: 'endpoint with name c already exists in network net1',
    });
    await rejects(networks.attachments.connect(ctx, 'none', 'c', null), {code: 'invalid-argument'});
    await rejects(networks.attachments.connect(ctx, 'host', 'c', null), {
      message: 'cannot connect container to host network - container must be created in host network mode',
    });
    await networks.attachments.disconnect(ctx, 'bridge', 'c', false);
    equal(gateway(), '172.18.0.1');
    await networks.attachments.disconnect(ctx, 'net1', 'c', false);
    equal(gateway(), undefined);
    await rejects(networks.attachments.disconnect(ctx, 'net1', 'c', false), {
      message: `container ${container.id} is not connected to network net1`,
    });
    equal(Object.keys(container.settings.Networks ?? {}), ['closed']);
    await networks.controller.release(ctx, container.id);
    equal(networks.events(), [
      'create net1',
      'create closed',
      'connect bridge',
      'connect net1',
      'connect closed',
      'disconnect bridge',
      'disconnect net1',
      'disconnect closed',
    ]);
  },

  async 'configuration of the default bridge'() {
    {
      await using networks = await open({bip: '10.9.0.1/24', fixedCidr: '10.9.0.128/25', mtu: 1400, iptables: false});
      await networks.controller.restore(ctx, []);
      const a = await networks.controller.attach(ctx, request('a'));
      equal(a.settings.Networks?.bridge?.IPAddress, '10.9.0.128');
      using inside = inNetns(a.netnsPath as string, openNetlink);
      equal(inside.linkGet('eth0').mtu, 1400);
      equal(
        ['filter', 'nat'].flatMap(table => rules(table)),
        [],
      );
      await networks.controller.release(ctx, request('a').containerId);
    }
    {
      using host = openNetlink();
      host.linkDelete('docker0');
      host.linkAddVeth({name: 'other0', peer: 'other1'});
      host.linkSetUp('other0');
      host.addressAdd('other0', '172.17.5.1/24');
    }
    await using networks = await open();
    equal(networks.manager.get('bridge').record.IPAM.Config?.[0]?.Subnet, '172.18.0.0/16');
    await rejects(open({bip: 'nonsense'}), {message: 'invalid --bip "nonsense": invalid CIDR address'});
    await rejects(open({bridge: 'nosuch0'}), {message: 'bridge device nosuch0 does not exist'});
    await rejects(open({bridge: 'other0'}), {code: 'conflict'});
    using host = openNetlink();
    host.linkAddBridge('mine0');
    await rejects(open({bridge: 'mine0'}), {message: 'bridge "mine0" has no IPv4 address'});
    host.addressAdd('mine0', '10.77.0.1/24');
    host.addressAdd('mine0', '10.78.0.1/24');
    await using foreign = await open({bridge: 'mine0'});
    equal(foreign.manager.get('bridge').record.IPAM.Config?.[0]?.Subnet, '10.77.0.0/24');
    equal(
      host
        .addressList('mine0')
        .filter(({family}) => family === 'ipv4')
        .map(({prefix}) => prefix),
      ['10.77.0.1/24', '10.78.0.1/24'],
    );
  },
};
