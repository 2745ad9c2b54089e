/**
 * What the networks part does to a kernel, run in a mount and network namespace of its own:
 * `unshare -m -n node scenarios.testing.ts NAME`. A scenario that fails ends the process with its error.
 */
import {deepStrictEqual as equal, match, ok, rejects} from 'node:assert/strict';
import {execFile, execFileSync} from 'node:child_process';
import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {connect, createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {callContext, createLogger, sleep} from '@longshore/base';
import {bindInet, closeFd, inNetns, openNetlink, readKernelFileIfExists} from '@longshore/linux';
import {endpointSettings} from '../../core/containers/documents/network-settings.ts';
import {EventBus} from '../../core/events/event-bus.ts';
import {Filters} from '../../core/filters/filters.ts';
import {networkCreateRequest} from '../../core/networks/documents.ts';
import type {NetworkConfig} from '../../core/networks/network-config.ts';
import {defaultSubnetPools} from '../../core/networks/subnet-pools.ts';
import type {AttachableContainer, SandboxRequest} from '../../core/ports/network-controller.ts';
import {openNetworks} from '../../parts/networks.ts';

const execute = promisify(execFile);
const ctx = callContext({log: createLogger({level: 'warn'})});
const root = mkdtempSync(join(tmpdir(), 'ls-net-'));
const execRoot = join(root, 'exec');

const defaults: NetworkConfig = {
  bridge: 'docker0',
  bip: '',
  fixedCidr: '',
  defaultGateway: '',
  pools: defaultSubnetPools,
  mtu: 1500,
  icc: true,
  defaultBindingIp: '0.0.0.0',
  iptables: true,
  ipForward: true,
  ipForwardNoDrop: false,
  ipMasq: true,
  userlandProxy: true,
  userlandProxyPath: '',
  dns: [],
  dnsOptions: [],
  dnsSearch: [],
  hostGatewayIps: [],
  defaultNetworkOptions: {},
};

/** docker-proxy from its sources, run by this node. */
const proxyPath = join(root, 'docker-proxy');
const proxySource = fileURLToPath(new URL('../../../../docker-proxy/src/main.ts', import.meta.url));
writeFileSync(proxyPath, `#!/bin/sh\nexec ${process.execPath} ${proxySource} "$@"\n`, {mode: 0o755});

const containers = new Map<string, AttachableContainer>();

async function open(config: Partial<NetworkConfig> = {}, proxy = proxyPath) {
  const events = new EventBus();
  const networks = await openNetworks(ctx, {
    config: {...defaults, ...config},
    dataRoot: join(root, 'data'),
    execRoot,
    events,
    containers: () => ({find: reference => containers.get(reference) as AttachableContainer, all: () => []}),
    path: process.env.PATH ?? '',
    findProxy: async () => proxy,
  });
  return {
    ...networks,
    events: () => events.subscribe(0n).past.map(({action, actor}) => `${action} ${actor.attributes.name}`),
  };
}

function request(name: string, parts: Partial<SandboxRequest> = {}): SandboxRequest {
  return {
    containerId: name.padEnd(64, '0'),
    containerName: name,
    networkMode: 'bridge',
    hostname: name,
    domainname: '',
    exposedPorts: [],
    portBindings: {},
    publishAllPorts: false,
    dns: [],
    dnsOptions: [],
    dnsSearch: [],
    extraHosts: [],
    links: [],
    sysctls: {},
    endpoints: {},
    files: {
      hosts: join(root, `${name}-hosts`),
      resolvConf: join(root, `${name}-resolv.conf`),
      resolvConfHash: join(root, `${name}-resolv.conf.hash`),
    },
    ...parts,
  };
}

/** Children of this process that are proxies. */
function proxies(): number[] {
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name));
  return pids.map(Number).filter(pid => {
    const status = readKernelFileIfExists(`/proc/${pid}/stat`) ?? '';
    const command = readKernelFileIfExists(`/proc/${pid}/cmdline`) ?? '';
    return status.split(' ')[3] === String(process.pid) && command.includes('-use-listen-fd');
  });
}

/** Names of links outside, without the loopback. */
function links(): string[] {
  using host = openNetlink();
  return host.linkList().flatMap(({name}) => (name === 'lo' ? [] : [name]));
}

async function linksBecome(expected: string[]): Promise<void> {
  for (let i = 0; i < 200 && links().length !== expected.length; i++) await sleep(10);
  equal(links(), expected);
}

/** Listens inside a namespace and answers with `text`. */
async function serve(namespace: string, text: string) {
  const server = createServer(socket => socket.end(text));
  server.listen({fd: inNetns(namespace, () => bindInet('tcp', '0.0.0.0', 80))});
  await once(server, 'listening');
  return server;
}

/** What somebody inside the namespace reads from port 80 of `address`; empty when nobody answers. */
async function fetchFrom(namespace: string, address: string, port = 80): Promise<string> {
  const script = `const s = require('node:net').connect({host: '${address}', port: ${port}});
    s.setTimeout(1000, () => process.exit(0)); s.on('data', d => process.stdout.write(d)); s.on('error', () => process.exit(0))`;
  const {stdout} = await execute('nsenter', [`--net=${namespace}`, process.execPath, '-e', script]);
  return stdout;
}

function rules(table: string): string[] {
  const saved = execFileSync('iptables-save', ['-t', table], {encoding: 'utf8'});
  return saved.split('\n').filter(line => line.startsWith('-A'));
}

const scenarios: Record<string, () => Promise<void>> = {
  async 'default bridge'() {
    await using networks = await open();
    await networks.controller.restore(ctx, []);
    equal(readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8'), '1\n');
    const a = await networks.controller.attach(ctx, request('a'));
    const b = await networks.controller.attach(ctx, request('b'));
    const endpoint = b.settings.Networks?.bridge;
    equal([endpoint?.IPAddress, endpoint?.IPPrefixLen, endpoint?.Gateway], ['172.17.0.3', 16, '172.17.0.1']);
    {
      using inside = inNetns(b.netnsPath as string, openNetlink);
      const eth0 = inside.linkGet('eth0');
      equal([eth0.mac, eth0.up, eth0.mtu], [endpoint?.MacAddress, true, 1500]);
      equal(inside.linkGet('lo').up, true);
      equal(
        inside.addressList('eth0').map(({prefix, broadcast}) => [prefix, broadcast]),
        [['172.17.0.3/16', '172.17.255.255']],
      );
      ok(inside.routeList().some(({destination, gateway}) => destination === 'default' && gateway === '172.17.0.1'));
    }
    const server = await serve(b.netnsPath as string, 'hello from b');
    equal(await fetchFrom(a.netnsPath as string, '172.17.0.3'), 'hello from b');
    equal(await textFrom('172.17.0.3'), 'hello from b');
    server.close();
    match(readFileSync(join(root, 'b-hosts'), 'utf8'), /^172\.17\.0\.3\tb$/m);
    for (const name of ['a', 'b']) await networks.controller.release(ctx, request(name).containerId);
    await networks.controller.release(ctx, request('a').containerId);
    await linksBecome(['docker0']);
    equal(readdirSync(join(execRoot, 'netns')), []);
    equal(readdirSync(join(execRoot, 'libnetwork')), []);
    equal(networks.events(), ['connect bridge', 'connect bridge', 'disconnect bridge', 'disconnect bridge']);
  },

  async 'none and host'() {
    await using networks = await open();
    await networks.controller.restore(ctx, []);
    const none = await networks.controller.attach(ctx, request('n', {networkMode: 'none'}));
    {
      using inside = inNetns(none.netnsPath as string, openNetlink);
      equal(
        inside.linkList().map(({name, up}) => [name, up]),
        [['lo', true]],
      );
    }
    const host = await networks.controller.attach(ctx, request('h', {networkMode: 'host'}));
    equal(host.netnsPath, undefined);
    equal(host.settings.SandboxKey, join(execRoot, 'netns', 'default'));
    equal(readFileSync(join(root, 'h-hosts'), 'utf8'), readFileSync('/etc/hosts', 'utf8'));
    for (const name of ['n', 'h']) await networks.controller.release(ctx, request(name).containerId);
    equal(readdirSync(join(execRoot, 'netns')), []);
  },

  async 'an address that changes hands reaches its new owner at once'() {
    await using networks = await open();
    await networks.controller.restore(ctx, []);
    const client = await networks.controller.attach(ctx, request('client'));
    for (const name of ['first', 'second']) {
      const owner = await networks.controller.attach(ctx, request(name));
      equal(owner.settings.Networks?.bridge?.IPAddress, '172.17.0.3');
      const server = await serve(owner.netnsPath as string, name);
      equal(await fetchFrom(client.netnsPath as string, '172.17.0.3'), name);
      equal(await textFrom('172.17.0.3'), name);
      server.close();
      await networks.controller.release(ctx, request(name).containerId);
    }
  },

  async 'a failed attach leaves nothing'() {
    await using networks = await open();
    await networks.controller.restore(ctx, []);
    const bad = {...request('bad'), files: {...request('bad').files, hosts: join(root, 'no', 'such', 'hosts')}};
    await rejects(networks.controller.attach(ctx, bad), /^EngineError: failed to set up container networking: ENOENT/);
    await rejects(networks.controller.attach(ctx, request('bad', {networkMode: 'nosuch'})), {
      code: 'not-found',
      message: 'failed to set up container networking: network nosuch not found',
    });
    await linksBecome(['docker0']);
    equal([readdirSync(join(execRoot, 'netns')), readdirSync(join(execRoot, 'libnetwork'))], [[], []]);
    const good = await networks.controller.attach(ctx, request('good'));
    equal(good.settings.Networks?.bridge?.IPAddress, '172.17.0.2');
  },

  async 'a killed daemon is taken over from'() {
    const before = await open();
    await before.controller.restore(ctx, []);
    const kept = await before.controller.attach(ctx, request('kept'));
    await before.controller.attach(ctx, request('dead'));
    const id = before.manager.get('bridge').record.Id;
    equal(links().length, 3);
    // Nothing of `before` is closed: that is what a kill does. A file without a record is what one in the middle does.
    execFileSync('touch', [join(execRoot, 'netns', '0123456789ab'), join(execRoot, 'libnetwork', 'x.new')]);
    await using after = await open();
    equal(after.manager.get('bridge').record.Id, id);
    await after.controller.restore(ctx, [{request: request('kept'), settings: kept.settings}]);
    equal(readdirSync(join(execRoot, 'netns')), [kept.netnsPath?.split('/').at(-1)]);
    equal(readdirSync(join(execRoot, 'libnetwork')).length, 1);
    const veth = links().filter(name => name.startsWith('veth'));
    await linksBecome(['docker0', veth[0] as string]);
    equal([...after.manager.get('bridge').endpoints.keys()], [request('kept').containerId]);
    const next = await after.controller.attach(ctx, request('next'));
    equal(next.settings.Networks?.bridge?.IPAddress, '172.17.0.3');
    await after.controller.release(ctx, request('kept').containerId);
    const reused = await after.controller.attach(ctx, request('again'));
    equal(reused.settings.Networks?.bridge?.IPAddress, '172.17.0.2');
    equal(after.events().filter(event => event.startsWith('disconnect')).length, 1);
  },

  async 'rules are the same after any number of starts'() {
    const snapshots: string[][] = [];
    execFileSync('iptables', ['-N', 'DOCKER-USER']);
    execFileSync('iptables', ['-A', 'DOCKER-USER', '-s', '192.0.2.7/32', '-j', 'DROP']);
    execFileSync('iptables', ['-A', 'FORWARD', '-i', 'other0', '-j', 'ACCEPT']);
    for (let i = 0; i < 3; i++) {
      await using networks = await open();
      if (i === 0) await networks.manager.create(ctx, {...networkCreateRequest.zero(), Name: 'net1'});
      await networks.controller.restore(ctx, []);
      snapshots.push(['raw', 'filter', 'nat'].flatMap(rules));
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
    const before = ['raw', 'filter', 'nat'].flatMap(rules);
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
    equal(['raw', 'filter', 'nat'].flatMap(rules), before);
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
      equal(['filter', 'nat'].flatMap(rules), []);
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

  async 'published ports'() {
    const publish = {
      exposedPorts: ['80/tcp', '53/udp'],
      portBindings: {'80/tcp': [{HostIp: '', HostPort: '8080'}], '53/udp': [{HostIp: '', HostPort: ''}]},
    };
    const networks = await open();
    await networks.controller.restore(ctx, []);
    const before = ['raw', 'filter', 'nat'].flatMap(rules);
    const web = await networks.controller.attach(ctx, request('web', publish));
    const server = await serve(web.netnsPath as string, 'hello from web');
    equal(
      web.settings.Ports?.['80/tcp']?.map(({HostPort}) => HostPort),
      ['8080', '8080'],
    );
    ok(
      rules('nat').includes('-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80'),
    );
    equal(await textFrom('127.0.0.1', 8080), 'hello from web');
    equal(await textFrom('::1', 8080), 'hello from web');
    equal(await textFrom('172.17.0.1', 8080), 'hello from web');
    const other = await networks.controller.attach(ctx, request('other'));
    equal(await fetchFrom(other.netnsPath as string, '172.17.0.1', 8080), 'hello from web');
    equal(await fetchFrom(web.netnsPath as string, '172.17.0.1', 8080), 'hello from web');
    await rejects(networks.controller.attach(ctx, request('again', publish)), {
      code: 'unknown',
      message:
        /failed to set up container networking: driver failed programming external connectivity on endpoint again \([0-9a-f]{64}\): Bind for 0\.0\.0\.0:8080 failed: port is already allocated/,
    });
    const taken = bindInet('tcp', '0.0.0.0', 8888);
    const fixed = {exposedPorts: ['80/tcp'], portBindings: {'80/tcp': [{HostIp: '', HostPort: '8888'}]}};
    await rejects(
      networks.controller.attach(ctx, request('again', fixed)),
      /failed to bind host port 0\.0\.0\.0:8888\/tcp: address already in use/,
    );
    closeFd(taken);
    // A killed daemon: its proxies end by themselves, and the next one makes new ones.
    for (const pid of proxies()) process.kill(pid, 'SIGTERM');
    for (let i = 0; i < 100 && proxies().length > 0; i++) await sleep(20);
    await using after = await open();
    await after.controller.restore(ctx, [{request: request('web', publish), settings: web.settings}]);
    equal(await textFrom('127.0.0.1', 8080), 'hello from web');
    await after.controller.release(ctx, request('web').containerId);
    equal(await textFrom('127.0.0.1', 8080), '');
    equal(['raw', 'filter', 'nat'].flatMap(rules), before);
    for (let i = 0; i < 100 && proxies().length > 0; i++) await sleep(20);
    equal(proxies(), []);
    server.close();
  },

  async 'published ports without a proxy'() {
    await using networks = await open({userlandProxy: false});
    await networks.controller.restore(ctx, []);
    const publish = {exposedPorts: ['80/tcp'], portBindings: {'80/tcp': [{HostIp: '', HostPort: '8080'}]}};
    const web = await networks.controller.attach(ctx, request('web', publish));
    const server = await serve(web.netnsPath as string, 'straight');
    const other = await networks.controller.attach(ctx, request('other'));
    equal(proxies(), []);
    equal(await textFrom('127.0.0.1', 8080), 'straight');
    equal(await textFrom('172.17.0.1', 8080), 'straight');
    equal(await fetchFrom(other.netnsPath as string, '172.17.0.1', 8080), 'straight');
    equal(await fetchFrom(web.netnsPath as string, '172.17.0.1', 8080), 'straight');
    server.close();
  },

  async 'the proxy of another engine'() {
    const original = '/usr/sbin/docker-proxy';
    if (!existsSync(original)) return;
    await using networks = await open({}, original);
    await networks.controller.restore(ctx, []);
    const publish = {exposedPorts: ['80/tcp'], portBindings: {'80/tcp': [{HostIp: '127.0.0.1', HostPort: '8081'}]}};
    const web = await networks.controller.attach(ctx, request('web', publish));
    const server = await serve(web.netnsPath as string, 'through theirs');
    equal(await textFrom('127.0.0.1', 8081), 'through theirs');
    await networks.controller.release(ctx, request('web').containerId);
    server.close();
  },

  async 'many at once'() {
    await using networks = await open();
    await networks.controller.restore(ctx, []);
    const names = Array.from({length: 20}, (_, i) => `c${i}`);
    const all = await Promise.all(names.map(name => networks.controller.attach(ctx, request(name))));
    equal(new Set(all.map(({settings}) => settings.Networks?.bridge?.IPAddress)).size, 20);
    await Promise.all(names.map(name => networks.controller.release(ctx, request(name).containerId)));
    await linksBecome(['docker0']);
    equal(readdirSync(join(execRoot, 'netns')), []);
  },
};

async function textFrom(address: string, port = 80): Promise<string> {
  const socket = connect({host: address, port});
  const failed = once(socket, 'error').then(() => ['']);
  const [data] = await Promise.race([once(socket, 'data').catch(() => ['']), failed, sleep(500).then(() => [''])]);
  socket.destroy();
  return String(data);
}

/** The address that the server at 127.0.0.11 gives, or its failure. */
async function resolve(namespace: string, name: string): Promise<string> {
  const socket = createSocket({
    type: 'udp4',
    lookup: ((host: string, _: unknown, done: (...a: unknown[]) => void) => done(null, host, 4)) as never,
  });
  inNetns(namespace, () => {
    socket.bind(0);
  });
  const labels = name.split('.').flatMap(label => [Buffer.of(label.length), Buffer.from(label)]);
  const answered = once(socket, 'message');
  socket.send(
    Buffer.concat([Buffer.from('000701000001000000000000', 'hex'), ...labels, Buffer.from('0000010001', 'hex')]),
    53,
    '127.0.0.11',
  );
  const [answer] = (await Promise.race([answered, sleep(500).then(() => [undefined])])) as [Buffer | undefined];
  socket.close();
  if (!answer) return 'no answer';
  return answer.readUInt16BE(6) > 0 ? [...answer.subarray(-4)].join('.') : `code ${answer.readUInt16BE(2) & 15}`;
}

export const scenarioNames = Object.keys(scenarios);

const chosen = process.argv[2];
if (chosen !== undefined && import.meta.filename === process.argv[1]) {
  {
    using host = openNetlink();
    host.linkSetUp('lo');
  }
  try {
    await scenarios[chosen]?.();
  } finally {
    for (const name of existsSync(join(execRoot, 'netns')) ? readdirSync(join(execRoot, 'netns')) : []) {
      execFileSync('umount', ['-l', join(execRoot, 'netns', name)], {stdio: 'ignore'});
    }
    rmSync(root, {recursive: true, force: true});
  }
}
