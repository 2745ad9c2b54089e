/** What the scenarios have in common: engines of one kernel, requests, and what is seen from inside and outside. */
import {deepStrictEqual as equal} from 'node:assert/strict';
import {execFile, execFileSync} from 'node:child_process';
import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import {readdirSync, writeFileSync} from 'node:fs';
import {connect, createServer} from 'node:net';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {callContext, createLogger, sleep} from '@longshore/base';
import {bindInet, inNetns, openNetlink, readKernelFileIfExists} from '@longshore/linux';
import {EventBus} from '../../../core/events/event-bus.ts';
import type {NetworkConfig} from '../../../core/networks/network-config.ts';
import {defaultSubnetPools} from '../../../core/networks/subnet-pools.ts';
import {localPool} from '../../../core/networks/subnet-pools6.ts';
import type {AttachableContainer, SandboxRequest} from '../../../core/ports/network-controller.ts';
import {openNetworks} from '../../../parts/networks.ts';

const execute = promisify(execFile);
export const ctx = callContext({log: createLogger({level: 'warn'})});
/** The directory of one run, made and removed by who started it. */
export const root = process.argv[3] ?? '';
export const execRoot = join(root, 'exec');

export const defaults: NetworkConfig = {
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

/** docker-proxy from its sources, run by this node. */
export const proxyPath = join(root, 'docker-proxy');
const proxySource = fileURLToPath(new URL('../../../../../docker-proxy/src/main.ts', import.meta.url));

export function writeProxy(): void {
  writeFileSync(proxyPath, `#!/bin/sh\nexec ${process.execPath} ${proxySource} "$@"\n`, {mode: 0o755});
}

export const containers = new Map<string, AttachableContainer>();

export async function open(config: Partial<NetworkConfig> = {}, proxy = proxyPath) {
  const events = new EventBus();
  const networks = await openNetworks(ctx, {
    config: {...defaults, ...config},
    dataRoot: join(root, 'data'),
    execRoot,
    remapping: undefined,
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

export function request(name: string, parts: Partial<SandboxRequest> = {}): SandboxRequest {
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
    linkedHosts: [],
    sysctls: {},
    userNamespace: 'host',
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
export function proxies(): number[] {
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name));
  return pids.map(Number).filter(pid => {
    const status = readKernelFileIfExists(`/proc/${pid}/stat`) ?? '';
    const command = readKernelFileIfExists(`/proc/${pid}/cmdline`) ?? '';
    return status.split(' ')[3] === String(process.pid) && command.includes('-use-listen-fd');
  });
}

/** Names of links outside, without the loopback. */
export function links(): string[] {
  using host = openNetlink();
  return host.linkList().flatMap(({name}) => (name === 'lo' ? [] : [name]));
}

export async function linksBecome(expected: string[]): Promise<void> {
  for (let i = 0; i < 200 && links().length !== expected.length; i++) await sleep(10);
  equal(links(), expected);
}

/** Listens inside a namespace and answers with `text`. */
export async function serve(namespace: string, text: string, address = '0.0.0.0') {
  const server = createServer(socket => socket.end(text));
  server.listen({fd: inNetns(namespace, () => bindInet('tcp', address, 80))});
  await once(server, 'listening');
  return server;
}

/** What somebody inside the namespace reads from port 80 of `address`; empty when nobody answers. */
export async function fetchFrom(namespace: string, address: string, port = 80): Promise<string> {
  const script = `const s = require('node:net').connect({host: '${address}', port: ${port}});
    s.setTimeout(5000, () => process.exit(0)); s.on('data', d => process.stdout.write(d)); s.on('error', () => process.exit(0))`;
  const {stdout} = await execute('nsenter', [`--net=${namespace}`, process.execPath, '-e', script]);
  return stdout;
}

export function rules(table: string, program = 'iptables-save'): string[] {
  const saved = execFileSync(program, ['-t', table], {encoding: 'utf8'});
  return saved.split('\n').filter(line => line.startsWith('-A'));
}

export async function textFrom(address: string, port = 80): Promise<string> {
  const socket = connect({host: address, port});
  const failed = once(socket, 'error').then(() => ['']);
  const [data] = await Promise.race([once(socket, 'data').catch(() => ['']), failed, sleep(3000).then(() => [''])]);
  socket.destroy();
  return String(data);
}

/** The address that the server at 127.0.0.11 gives, or its failure. */
export async function resolve(namespace: string, name: string): Promise<string> {
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
  const [answer] = (await Promise.race([answered, sleep(3000).then(() => [undefined])])) as [Buffer | undefined];
  socket.close();
  if (!answer) return 'no answer';
  return answer.readUInt16BE(6) > 0 ? [...answer.subarray(-4)].join('.') : `code ${answer.readUInt16BE(2) & 15}`;
}
