/** The generated configuration against those that dockerd 28.5.2 wrote for the same options (testdata/). */
import {readFileSync} from 'node:fs';
import type {Spec} from '@longshore/api/oci';
import {defaultSeccompProfile, resolveSeccomp} from '@longshore/oci';
import test from 'ava';
import {containerConfig} from '../documents/container-config.ts';
import {type HostConfig, hostConfig} from '../documents/host-config.ts';
import {effectiveCapabilities, parseCapabilityMask} from './capabilities.ts';
import {buildEnvironment} from './environment.ts';
import {standardMaskedPaths, standardReadonlyPaths} from './paths.ts';
import {limitsToOci} from './resources.ts';
import {buildSpec, encodeSpec, type SpecInputs} from './spec.ts';

const kernel = '6.18.0';
const available = parseCapabilityMask('1fffeffffff');
const networkSysctls = {'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.ping_group_range': '0 2147483647'};

function expected(name: string): Spec {
  return JSON.parse(readFileSync(new URL(`testdata/${name}.json`, import.meta.url), 'utf8'));
}

function networkFiles(id: string, readOnly = false): SpecInputs['networkFiles'] {
  return ['resolv.conf', 'hostname', 'hosts'].map(name => ({
    kind: 'bind',
    source: `/var/lib/docker/containers/${id}/${name}`,
    destination: `/etc/${name}`,
    readOnly,
    recursiveReadOnly: readOnly,
    recursive: true,
    propagation: 'rprivate',
  }));
}

/** Inputs of a container that the capture made with `docker run busybox sleep 100000`, with changes. */
function inputs(spec: Spec, changes: Partial<SpecInputs> = {}, host: Partial<HostConfig> = {}): SpecInputs {
  const id = spec.linux!.cgroupsPath!.split('/')[2]!;
  const config = changes.config ?? {...containerConfig.zero(), Env: ['PATH=/bin']};
  const hostname = changes.hostname ?? id.slice(0, 12);
  return {
    config,
    host: {
      ...hostConfig.zero(),
      ShmSize: 67_108_864,
      OomKillDisable: false,
      MaskedPaths: [...standardMaskedPaths],
      ReadonlyPaths: [...standardReadonlyPaths],
      ...host,
    },
    args: ['sleep', '100000'],
    env: buildEnvironment(config, hostname, []),
    user: {uid: 0, gid: 0, additionalGids: [0]},
    capabilities: effectiveCapabilities(
      {add: host.CapAdd ?? [], drop: host.CapDrop ?? [], privileged: false},
      available,
    ),
    seccomp: undefined,
    apparmorProfile: '',
    noNewPrivileges: false,
    writableCgroups: false,
    remapping: undefined,
    rootfs: spec.root!.path,
    hostname,
    cgroupsPath: `/docker/${id}`,
    namespaces: {user: 'host', network: 'own', uts: 'own', pid: 'own', ipc: 'own', cgroup: 'host'},
    sysctls: networkSysctls,
    ipc: 'private',
    initPath: undefined,
    userMounts: [],
    networkFiles: networkFiles(id),
    devices: [],
    deviceRules: [],
    deviceEdits: [],
    findDevice: () => ({path: '', type: 'c'}),
    findBlockDevice: () => ({major: 8, minor: 0}),
    extraMaskedPaths: [],
    rlimits: [],
    rootfsPropagation: '',
    ...changes,
  };
}

test('a default container', t => {
  const want = expected('bridge-published');
  t.deepEqual(buildSpec(inputs(want, {args: ['httpd', '-f', '-p', '80']})), want);
});

test('a terminal', t => {
  const want = expected('tty');
  const config = {...containerConfig.zero(), Env: ['PATH=/bin'], Tty: true};
  t.deepEqual(buildSpec(inputs(want, {args: ['sh'], config})), want);
});

test('the network of the host', t => {
  const want = expected('host-network');
  const namespaces = {user: 'host', network: 'host', uts: 'own', pid: 'own', ipc: 'own', cgroup: 'host'} as const;
  t.deepEqual(buildSpec(inputs(want, {hostname: 'host1', namespaces, sysctls: {}})), want);
});

test('the network of another container', t => {
  const want = expected('network-container');
  const other = '1acb3c3a546acea11d45a339ba1c166db2f2acd8ee0cbb0aea76935fb911711c';
  const namespaces = {
    network: {path: '/proc/24277/ns/net'},
    user: 'host',
    uts: 'own',
    pid: 'own',
    ipc: 'own',
    cgroup: 'host',
  } as const;
  const changes = {hostname: other.slice(0, 12), namespaces, sysctls: {}, networkFiles: networkFiles(other)};
  t.deepEqual(buildSpec(inputs(want, changes)), want);
});

test('namespaces of the host, and a cgroup namespace of its own', t => {
  const want = expected('cgroupns-private-pid-host-uts-host');
  const namespaces = {user: 'host', network: 'own', uts: 'host', pid: 'host', ipc: 'own', cgroup: 'own'} as const;
  t.deepEqual(buildSpec(inputs(want, {namespaces})), want);
});

test('a privileged container', t => {
  const want = expected('privileged');
  const capabilities = effectiveCapabilities({add: [], drop: [], privileged: true}, available);
  const devices = want.linux!.devices!;
  const host = {Privileged: true, MaskedPaths: null, ReadonlyPaths: null};
  t.deepEqual(buildSpec(inputs(want, {capabilities, devices}, host)), want);
});

test('many options at once', t => {
  const want = expected('many-options');
  const id = want.linux!.cgroupsPath!.split('/')[2]!;
  const bind = {kind: 'bind', recursive: true} as const;
  const changes: Partial<SpecInputs> = {
    config: {...containerConfig.zero(), Env: ['X=1', 'PATH=/bin']},
    hostname: 'fullhost',
    user: {uid: 1000, gid: 1000, additionalGids: [1000]},
    noNewPrivileges: true,
    initPath: '/usr/bin/docker-init',
    networkFiles: networkFiles(id, true),
    userMounts: [
      {
        ...bind,
        source: '/ref/src',
        destination: '/src',
        readOnly: true,
        recursiveReadOnly: true,
        propagation: 'rprivate',
      },
      {
        ...bind,
        source: '/var/lib/docker/volumes/data1/_data',
        destination: '/data',
        readOnly: false,
        recursiveReadOnly: false,
        propagation: '',
      },
      {kind: 'tmpfs', destination: '/t', options: ['size=1m']},
    ],
    devices: want.linux!.devices!,
    deviceRules: [{allow: true, type: 'c', major: 1, minor: 3, access: 'rwm'}],
    rlimits: [{name: 'nofile', soft: 100, hard: 200}],
  };
  const host = {
    CapAdd: ['CAP_NET_ADMIN'],
    CapDrop: ['mknod'],
    ReadonlyRootfs: true,
    ShmSize: 33_554_432,
    CpuShares: 512,
    Memory: 67_108_864,
    MemorySwap: 134_217_728,
    NanoCpus: 500_000_000,
    PidsLimit: 50,
  };
  const got = buildSpec(inputs(want, changes, host));
  t.deepEqual(got, {
    ...want,
    linux: {...want.linux, maskedPaths: got.linux!.maskedPaths!, readonlyPaths: got.linux!.readonlyPaths!},
  });
  t.deepEqual(got.linux!.maskedPaths, want.linux!.maskedPaths);
});

test('the default seccomp profile for a default container', t => {
  const capabilities = effectiveCapabilities({add: [], drop: [], privileged: false}, available);
  const target = {capabilities, architecture: 'amd64', kernelVersion: kernel};
  t.deepEqual(resolveSeccomp(defaultSeccompProfile, target) as unknown, expected('seccomp-default-amd64'));
  const old = resolveSeccomp(defaultSeccompProfile, {...target, kernelVersion: '4.7.3-2'});
  t.false(old!.syscalls!.some(rule => rule.names.includes('ptrace')));
});

test('an rlimit without a limit keeps all its digits', t => {
  const spec = buildSpec(inputs(expected('tty'), {rlimits: [{name: 'core', soft: 0, hard: -1}]}));
  t.regex(encodeSpec(spec), /"type":"RLIMIT_CORE","hard":18446744073709551615,"soft":0/);
});

test('a negative weight of the processor is refused before the runtime sees it', t => {
  t.throws(() => limitsToOci({...hostConfig.zero(), CpuShares: -1}), {message: 'shares: invalid argument'});
});
