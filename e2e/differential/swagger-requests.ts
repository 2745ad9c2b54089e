/**
 * Requests whose answers have bodies that steps.ts does not get to: those that need ids from other answers, that stream,
 * or that need a registry. All succeed but those that say otherwise.
 */
import {type Engine, poll} from '@longshore/testing';
import {waitForStatus} from '../harness/processes.ts';
import {registryHost, startRegistry} from '../harness/registry.ts';

/** Sends a request, keeps what is wrong with the answer, and gives its first JSON value. */
export type Ask = (method: string, path: string, body?: unknown, options?: AskOptions) => Promise<never>;

export interface AskOptions {
  headers?: Record<string, string>;
  /** Of an answer that does not end: its first lines, as many as given. */
  lines?: number;
  fails?: boolean;
}

interface Identified {
  Id: string;
}

/** Every kind of field that a container may have, each with a value. */
const fullContainer = {
  ...{Image: 'busybox', Cmd: ['busybox', 'sleep', '1000'], Hostname: 'full', Domainname: 'example', User: '0:0'},
  ...{Env: ['A=b'], Labels: {a: 'b'}, WorkingDir: '/tmp', StopSignal: 'SIGKILL', StopTimeout: 3, Tty: true},
  ...{ExposedPorts: {'80/tcp': {}}, Volumes: {'/anonymous': {}}, Entrypoint: ['busybox', 'env']},
  Healthcheck: {
    ...{Test: ['CMD', 'busybox', 'true'], Interval: 1_000_000_000, Timeout: 1_000_000_000, Retries: 2},
    ...{StartPeriod: 1_000_000, StartInterval: 1_000_000},
  },
  HostConfig: {
    ...{Binds: ['/usr:/bound:ro', 'swagger:/named'], Memory: 64_000_000, MemoryReservation: 32_000_000},
    ...{CpuShares: 512, CpusetCpus: '0', PidsLimit: 100, OomScoreAdj: 100, BlkioWeight: 300, Init: true},
    ...{CapAdd: ['NET_ADMIN'], CapDrop: ['MKNOD'], SecurityOpt: ['no-new-privileges'], GroupAdd: ['100']},
    ...{Dns: ['10.0.0.1'], DnsOptions: ['ndots:1'], DnsSearch: ['example'], ExtraHosts: ['a:1.2.3.4']},
    ...{Ulimits: [{Name: 'nofile', Soft: 1000, Hard: 2000}], Sysctls: {'net.ipv4.ip_forward': '1'}, ShmSize: 1_000_000},
    Devices: [{PathOnHost: '/dev/null', PathInContainer: '/dev/x', CgroupPermissions: 'rwm'}],
    DeviceCgroupRules: ['c 1:3 rwm'],
    Mounts: [
      {Type: 'tmpfs', Target: '/tmpfs', TmpfsOptions: {SizeBytes: 1_000_000, Mode: 0o700}},
      {Type: 'volume', Source: 'swagger', Target: '/sub', VolumeOptions: {NoCopy: true, Labels: {x: 'y'}}},
      {Type: 'bind', Source: '/usr', Target: '/other', ReadOnly: true, BindOptions: {Propagation: 'rprivate'}},
    ],
    ...{Tmpfs: {'/run': 'size=1m'}, PortBindings: {'80/tcp': [{HostIp: '127.0.0.1', HostPort: ''}]}},
    LogConfig: {Type: 'json-file', Config: {'max-size': '1m'}},
    RestartPolicy: {Name: 'on-failure', MaximumRetryCount: 2},
    Annotations: {note: 'x'},
  },
};

export async function askMore(engine: Engine, ask: Ask): Promise<void> {
  await askContainers(engine, ask);
  await askNetworks(ask);
  await askImages(engine, ask);
  await askSystem(ask);
}

async function askContainers(engine: Engine, ask: Ask): Promise<void> {
  const full = {...fullContainer, Entrypoint: undefined};
  const {Id: id}: Identified = await ask('POST', '/containers/create?name=full', full);
  const at = `/containers/${id}`;
  await ask('POST', `${at}/start`);
  await waitForStatus(engine, id, 'running');
  // Until a check has been made: its log is in the answer.
  await poll(async () => /"ExitCode":\d,"Output"/.test(JSON.stringify(await engine.api.get(`${at}/json`))), {
    what: 'a health check',
  });
  await ask('GET', `${at}/json?size=1`);
  await ask('GET', '/containers/json?all=1&size=1');
  await ask('GET', `${at}/stats`, undefined, {lines: 2});
  await ask('GET', `${at}/stats?stream=0`);
  await askExec(ask, at);
  await ask('GET', `${at}/top?ps_args=aux`);
  await ask('POST', `${at}/resize?h=20&w=80`);
  await ask('POST', `${at}/update`, {Memory: 70_000_000, MemorySwap: 140_000_000});
  await ask('PUT', `${at}/archive?path=/tmp`, Buffer.alloc(1024));
  await ask('GET', `${at}/archive?path=/etc`);
  await ask('GET', `${at}/export`);
  await ask('GET', `${at}/changes`);
  await ask('POST', `${at}/pause`);
  await ask('GET', `${at}/json`);
  await ask('POST', `${at}/unpause`);
  await ask('POST', `${at}/restart?t=0`);
  await ask('POST', `${at}/rename?name=renamed`);
  await ask('POST', `/commit?container=${id}&repo=swagger&tag=1&comment=c&author=me&changes=ENV%20Z%3D1`, {});
  await ask('GET', '/system/df');
  await ask('POST', `${at}/kill`);
  await ask('POST', `${at}/wait?condition=not-running`);
  await ask('POST', `${at}/stop`);
  await ask('GET', `${at}/json`);
  await ask('GET', `${at}/stats?stream=0`);
  await askFailed(ask);
  await ask('DELETE', `${at}?v=1&force=1`);
  await ask('POST', '/containers/create?name=pruned', {Image: 'busybox', HostConfig: {OomKillDisable: true}});
  await ask('POST', '/containers/prune');
  await ask('POST', '/containers/prune');
}

/** A start that fails leaves an error in the state, and wait gives it. */
async function askFailed(ask: Ask): Promise<void> {
  await ask('POST', '/containers/create?name=failed', {Image: 'busybox', Cmd: ['/nonesuch']});
  await ask('POST', '/containers/failed/start', undefined, {fails: true});
  await ask('GET', '/containers/failed/json');
  await ask('POST', '/containers/failed/wait');
}

async function askExec(ask: Ask, at: string): Promise<void> {
  const {Id: exec}: Identified = await ask('POST', `${at}/exec`, {
    ...{Cmd: ['busybox', 'sleep', '1000'], Env: ['A=b'], WorkingDir: '/tmp', User: '0:0', Privileged: true, Tty: true},
    ...{AttachStdout: true, AttachStdin: true, AttachStderr: true, ConsoleSize: [20, 80], DetachKeys: 'ctrl-a'},
  });
  await ask('GET', `/exec/${exec}/json`);
  await ask('POST', `/exec/${exec}/start`, {Detach: true, Tty: true});
  await ask('GET', `/exec/${exec}/json`);
  await ask('POST', `/exec/${exec}/resize?h=20&w=80`);
  await ask('GET', `${at}/json`);
  const {Id: ended}: Identified = await ask('POST', `${at}/exec`, {Cmd: ['busybox', 'true'], AttachStdout: true});
  await ask('POST', `/exec/${ended}/start`, {});
  await ask('GET', `/exec/${ended}/json`);
}

async function askNetworks(ask: Ask): Promise<void> {
  await ask('POST', '/networks/create', {
    ...{Name: 'swagger', Driver: 'bridge', Labels: {a: 'b'}, Attachable: true},
    Options: {'com.docker.network.bridge.name': 'br-swagger'},
    IPAM: {
      Config: [
        {Subnet: '10.78.0.0/24', Gateway: '10.78.0.1', IPRange: '10.78.0.128/25', AuxiliaryAddresses: {a: '10.78.0.5'}},
      ],
    },
  });
  await ask('POST', '/containers/create?name=member', {Image: 'busybox', Cmd: ['busybox', 'sleep', '1000']});
  await ask('POST', '/containers/member/start');
  await ask('POST', '/networks/swagger/connect', {
    Container: 'member',
    EndpointConfig: {
      ...{Aliases: ['alias'], Links: ['member:x'], GwPriority: 5, MacAddress: '02:42:0a:4e:00:09'},
      IPAMConfig: {IPv4Address: '10.78.0.9'},
      DriverOpts: {'com.example': 'x'},
    },
  });
  for (const path of ['/networks', '/networks/swagger?verbose=1', '/containers/member/json', '/containers/json'])
    await ask('GET', path);
  await ask('POST', '/networks/swagger/disconnect', {Container: 'member'});
  await ask('DELETE', '/containers/member?force=1');
  await ask('POST', '/networks/create', {Name: 'unused'});
  await ask('POST', '/networks/prune');
  await ask('POST', '/volumes/create', {Name: 'labelled', Labels: {a: 'b'}, DriverOpts: {type: 'tmpfs', device: 'x'}});
  await ask('POST', '/volumes/create', {});
  for (const path of ['/volumes', '/volumes/labelled', '/system/df']) await ask('GET', path);
  await ask('POST', '/volumes/prune?filters=%7B%22all%22%3A%5B%22true%22%5D%7D');
}

async function askImages(engine: Engine, ask: Ask): Promise<void> {
  await startRegistry(engine);
  const name = `${registryHost}/box`;
  const headers = {'X-Registry-Auth': 'e30='};
  await ask('POST', '/auth', {username: 'u', password: 'p', serveraddress: registryHost});
  await ask('POST', `/images/busybox/tag?repo=${name}&tag=1`);
  await ask('POST', `/images/${name}/push?tag=1`, undefined, {headers});
  await ask('GET', `/distribution/${name}:1/json`);
  await ask('DELETE', `/images/${name}:1`);
  await ask('POST', `/images/create?fromImage=${name}&tag=1`);
  for (const path of ['/images/json?all=1&shared-size=1', '/images/json?manifests=1&digests=1']) await ask('GET', path);
  for (const path of ['/json', '/json?manifests=1', '/history', '/get']) await ask('GET', `/images/${name}:1${path}`);
  await ask('GET', '/images/swagger:1/json');
  await ask('GET', '/images/swagger:1/history');
  await ask('DELETE', '/images/swagger:1');
  await ask('POST', '/images/prune?filters=%7B%22dangling%22%3A%5B%22false%22%5D%7D');
  const {processes} = await engine.sandbox.survey();
  const registry = processes.find(({command}) => command.startsWith('docker-registry'));
  if (registry) await engine.sandbox.kill(registry.pid);
}

async function askSystem(ask: Ask): Promise<void> {
  const until = Math.floor(Date.now() / 1000) + 1;
  await ask('GET', `/events?since=1&until=${until}`);
  for (const path of ['/_ping', '/version', '/info', '/system/df?type=image', '/plugins']) await ask('GET', path);
  await ask('HEAD', '/_ping');
}
