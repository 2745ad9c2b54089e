import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ContainerCreateRequest} from '@longshore/api/engine';
import test from 'ava';
import {parseArgv} from '../command/argv.ts';
import {dangers} from './create-container.ts';
import {createRequest} from './create-request.ts';
import {containerFlags} from './flags.ts';

const directory = mkdtempSync(join(tmpdir(), 'longshore-cli-'));
const file = (name: string, text: string) => {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
};
const envFile = file('env', '\uFEFFA=b\n# c\n\nHOME\nNOPE_NOT_SET\n  C=d e \n');
const profile = file('seccomp.json', '{"defaultAction": "SCMP_ACT_ALLOW",  "x":[1]}');
process.env.HOME = '/root';
test.after.always(() => rmSync(directory, {recursive: true}));

function build(line: string[], isDetached = false): ContainerCreateRequest {
  const {flags, given, args} = parseArgv(containerFlags, [...line, 'busybox', 'true'], {interspersed: false});
  const [image = '', ...command] = args;
  return createRequest({flags, given, image, command, isDetached, consoleSize: [0, 0], proxyEnv: []});
}

const plain = build([]);

/** Paths and values that differ from the request without flags. */
function changes(line: string[]): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  const compare = (a: unknown, b: unknown, path: string) => {
    if (JSON.stringify(a) === JSON.stringify(b)) return;
    const areObjects = [a, b].every(value => typeof value === 'object' && value !== null && !Array.isArray(value));
    if (!areObjects || path.endsWith('EndpointsConfig')) {
      found[path] = b;
      return;
    }
    const keys = new Set([...Object.keys(a as object), ...Object.keys(b as object)]);
    for (const key of keys) {
      compare((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key], path ? `${path}.${key}` : key);
    }
  };
  compare(plain, build(line), '');
  return found;
}

test('without flags the request is what Docker 28 sends', t => {
  const endpoint = {
    IPAMConfig: null,
    Links: null,
    Aliases: null,
    MacAddress: '',
    DriverOpts: null,
    GwPriority: 0,
    NetworkID: '',
    EndpointID: '',
    Gateway: '',
    IPAddress: '',
    IPPrefixLen: 0,
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    DNSNames: null,
  };
  const {HostConfig: host, NetworkingConfig: networking, ...config} = plain;
  t.deepEqual(config, {
    Hostname: '',
    Domainname: '',
    User: '',
    AttachStdin: false,
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
    OpenStdin: false,
    StdinOnce: false,
    Env: null,
    Cmd: ['true'],
    Image: 'busybox',
    Volumes: {},
    WorkingDir: '',
    Entrypoint: null,
    OnBuild: null,
    Labels: {},
  });
  t.deepEqual(networking, {EndpointsConfig: {default: endpoint}});
  t.like(host, {NetworkMode: 'default', MemorySwappiness: -1, ConsoleSize: [0, 0], Dns: [], CapAdd: null, Binds: null});
});

const port = (HostIp: string, HostPort: string) => [{HostIp, HostPort}];

const cases: [line: string[], expected: Record<string, unknown>][] = [
  [['-i'], {AttachStdin: true, OpenStdin: true, StdinOnce: true}],
  [['-t'], {Tty: true}],
  [['-a', 'stdin', '-a', 'STDOUT'], {AttachStdin: true, AttachStderr: false}],
  [['--entrypoint', ''], {Entrypoint: ['']}],
  [
    ['-e', 'HOME', '-e', 'NOPE_NOT_SET', '-e', 'A=', '-e', 'A=c', '--env-file', envFile],
    {Env: ['A=b', 'HOME=/root', 'C=d e ', 'HOME=/root', 'NOPE_NOT_SET', 'A=c']},
  ],
  [
    ['--label-file', envFile, '--label', 'a=b', '--label', 'c'],
    {'Labels.A': 'b', 'Labels.C': 'd e ', 'Labels.a': 'b', 'Labels.c': ''},
  ],
  [
    ['-u', '1:2', '-w', '/x', '--stop-signal', 'INT', '--stop-timeout', '0'],
    {User: '1:2', WorkingDir: '/x', StopSignal: 'INT', StopTimeout: 0},
  ],
  [
    ['--health-cmd', 'curl x', '--health-interval', '1s', '--health-retries', '3', '--health-start-interval', '5s'],
    {Healthcheck: {Test: ['CMD-SHELL', 'curl x'], Interval: 1e9, StartInterval: 5e9, Retries: 3}},
  ],
  [['--no-healthcheck'], {Healthcheck: {Test: ['NONE']}}],
  [['-v', '/a:b', '-v', 'vol:/b:ro', '-v', '/c'], {'HostConfig.Binds': ['/a:b', 'vol:/b:ro'], 'Volumes./c': {}}],
  [['--tmpfs', '/a:size=1m', '--tmpfs', '/b'], {'HostConfig.Tmpfs': {'/a': 'size=1m', '/b': ''}}],
  [
    ['-p', '127.0.0.1:7-8:9-10/udp', '-p', '[::1]:1:2', '-p', '80', '-p', '1-2:3', '--expose', '5'],
    {
      ExposedPorts: {'9/udp': {}, '10/udp': {}, '2/tcp': {}, '80/tcp': {}, '3/tcp': {}, '5/tcp': {}},
      'HostConfig.PortBindings.9/udp': port('127.0.0.1', '7'),
      'HostConfig.PortBindings.10/udp': port('127.0.0.1', '8'),
      'HostConfig.PortBindings.2/tcp': port('::1', '1'),
      'HostConfig.PortBindings.80/tcp': port('', ''),
      'HostConfig.PortBindings.3/tcp': port('', '1-2'),
    },
  ],
  [
    ['--add-host', 'a=1.2.3.4', '--add-host', 'b:[::1]', '--add-host', 'c:host-gateway'],
    {'HostConfig.ExtraHosts': ['a:1.2.3.4', 'b:::1', 'c:host-gateway']},
  ],
  [['--cpus', '1.5'], {'HostConfig.NanoCpus': 1_500_000_000}],
  [['--cpus', '3/4'], {'HostConfig.NanoCpus': 750_000_000}],
  [
    ['-m', '64m', '--memory-swap', '-1', '--shm-size', '1m'],
    {'HostConfig.Memory': 67108864, 'HostConfig.MemorySwap': -1, 'HostConfig.ShmSize': 1048576},
  ],
  [
    ['--ulimit', 'nproc=5:10', '--ulimit', 'nofile=-1'],
    {
      'HostConfig.Ulimits': [
        {Name: 'nofile', Hard: -1, Soft: -1},
        {Name: 'nproc', Hard: 10, Soft: 5},
      ],
    },
  ],
  [
    ['--gpus', 'all'],
    {'HostConfig.DeviceRequests': [{Driver: '', Count: -1, DeviceIDs: null, Capabilities: [['gpu']], Options: {}}]},
  ],
  [
    ['--gpus', '"device=0,1",driver=nvidia'],
    {
      'HostConfig.DeviceRequests': [
        {Driver: 'nvidia', Count: 0, DeviceIDs: ['0', '1'], Capabilities: [['gpu']], Options: {}},
      ],
    },
  ],
  [
    ['--device', '/dev/null:/dev/x:r', '--device', '/dev/zero:rw'],
    {
      'HostConfig.Devices': [
        {PathOnHost: '/dev/null', PathInContainer: '/dev/x', CgroupPermissions: 'r'},
        {PathOnHost: '/dev/zero', PathInContainer: '/dev/zero', CgroupPermissions: 'rw'},
      ],
    },
  ],
  [
    ['--device', 'vendor.com/class=name'],
    {
      'HostConfig.DeviceRequests': [
        {Driver: 'cdi', Count: 0, DeviceIDs: ['vendor.com/class=name'], Capabilities: null, Options: null},
      ],
    },
  ],
  [
    ['--device-read-bps', '/dev/sda:1mb', '--blkio-weight-device', '/dev/sda:50'],
    {
      'HostConfig.BlkioDeviceReadBps': [{Path: '/dev/sda', Rate: 1048576}],
      'HostConfig.BlkioWeightDevice': [{Path: '/dev/sda', Weight: 50}],
    },
  ],
  [
    ['--mount', 'type=tmpfs,dst=/b,tmpfs-size=64m,tmpfs-mode=1770'],
    {'HostConfig.Mounts': [{Type: 'tmpfs', Target: '/b', TmpfsOptions: {SizeBytes: 67108864, Mode: 0o1770}}]},
  ],
  [
    ['--mount', 'type=bind,src=/a,dst=/b,readonly,bind-propagation=rshared'],
    {
      'HostConfig.Mounts': [
        {Type: 'bind', Source: '/a', Target: '/b', ReadOnly: true, BindOptions: {Propagation: 'rshared'}},
      ],
    },
  ],
  [
    ['--mount', 'src=v,dst=/b,volume-nocopy,volume-label=x=y,volume-driver=d,volume-opt=o=p'],
    {
      'HostConfig.Mounts': [
        {
          Type: 'volume',
          Source: 'v',
          Target: '/b',
          VolumeOptions: {DriverConfig: {Name: 'd', Options: {o: 'p'}}, NoCopy: true, Labels: {x: 'y'}},
        },
      ],
    },
  ],
  [
    ['--restart', 'on-failure:3'],
    {'HostConfig.RestartPolicy.Name': 'on-failure', 'HostConfig.RestartPolicy.MaximumRetryCount': 3},
  ],
  [
    ['--security-opt', `seccomp=${profile}`],
    {'HostConfig.SecurityOpt': ['seccomp={"defaultAction":"SCMP_ACT_ALLOW","x":[1]}']},
  ],
  [
    ['--security-opt', 'systempaths=unconfined'],
    {'HostConfig.SecurityOpt': [], 'HostConfig.MaskedPaths': [], 'HostConfig.ReadonlyPaths': []},
  ],
  [
    ['--cap-add', 'net_admin', '--cap-drop', 'ALL'],
    {'HostConfig.CapAdd': ['CAP_NET_ADMIN'], 'HostConfig.CapDrop': ['ALL']},
  ],
  [
    ['--init=false', '--privileged', '--rm', '-P'],
    {
      'HostConfig.Init': false,
      'HostConfig.Privileged': true,
      'HostConfig.AutoRemove': true,
      'HostConfig.PublishAllPorts': true,
    },
  ],
  [['--network', 'host'], {'HostConfig.NetworkMode': 'host', 'NetworkingConfig.EndpointsConfig': {}}],
  [['--net', 'container:x'], {'HostConfig.NetworkMode': 'container:x', 'NetworkingConfig.EndpointsConfig': {}}],
  [
    ['--log-driver', 'local', '--log-opt', 'max-size=1m'],
    {'HostConfig.LogConfig.Type': 'local', 'HostConfig.LogConfig.Config.max-size': '1m'},
  ],
];

for (const [line, expected] of cases) {
  test(`${line.join(' ').replaceAll(directory, 'DIR')} becomes its fields`, t => {
    t.deepEqual(changes(line), expected);
  });
}

test('network flags belong to the first network, long ones to their own', t => {
  const line = [
    '--network',
    'name=a,alias=x,driver-opt=k=v,gw-priority=5',
    '--network',
    'b',
    '--ip',
    '1.2.3.4',
    '--mac-address',
    '02:42:ac:11:00:02',
  ];
  const {HostConfig: host, NetworkingConfig: networking} = build(line);
  t.is(host?.NetworkMode, 'a');
  t.like(networking?.EndpointsConfig?.a, {
    Aliases: ['x'],
    DriverOpts: {k: 'v'},
    GwPriority: 5,
    IPAMConfig: {IPv4Address: '1.2.3.4'},
    MacAddress: '02:42:ac:11:00:02',
  });
  t.like(networking?.EndpointsConfig?.b, {Aliases: null, IPAMConfig: null, MacAddress: ''});
});

test('a detached container is attached to nothing', t => {
  t.like(build(['-i'], true), {
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    OpenStdin: true,
    StdinOnce: false,
  });
});

const refusals: [line: string[], message: string][] = [
  [['--dns', 'x'], 'IP address is not correctly formatted: x'],
  [['--dns-search', 'x_y'], 'x_y is not a valid domain'],
  [['--link', 'a:b:c'], 'bad format for links: a:b:c'],
  [['--blkio-weight-device', '/dev/sda:5'], 'invalid weight for device: /dev/sda:5'],
  [['--device-cgroup-rule', 'x'], "invalid device cgroup format 'x'"],
  [['--add-host', 'a:b'], 'invalid IP address in add-host: "b"'],
  [['--add-host', 'x'], 'bad format for add-host: "x"'],
  [['--cpus', 'abc'], 'failed to parse abc as a rational number'],
  [['--cpus', '0.0000000001'], 'value is too precise'],
  [['--ulimit', 'x=1'], 'invalid ulimit type: x'],
  [['--ulimit', 'nofile=2:1'], 'ulimit soft limit must be less than or equal to hard limit: 2 > 1'],
  [['--gpus', 'x=y'], "unexpected key 'x' in 'x=y'"],
  [['--mount', 'type=bind'], 'target is required'],
  [['--mount', 'type=bind,src=/a,dst=/b,foo'], "invalid field 'foo' must be a key=value pair"],
  [['--mount', 'type=volume,dst=/b,bind-propagation=shared'], "cannot mix 'bind-*' options with mount type 'volume'"],
  [['--network', 'name=a,foo=b'], 'invalid field key foo'],
  [['--network', 'a', '--network', 'a'], 'network "a" is specified multiple times'],
  [
    ['--network', 'host', '--network', 'b'],
    'conflicting options: cannot attach both user-defined and non-user-defined network-modes',
  ],
  [['--restart', 'on-failure:x'], 'invalid restart policy format: maximum retry count must be an integer'],
  [['--rm', '--restart', 'always'], 'conflicting options: cannot specify both --restart and --rm'],
  [['--pid', 'x'], '--pid: invalid PID mode'],
  [['--memory-swappiness', '200'], 'invalid value: 200. Valid memory swappiness range is 0-100'],
  [['--security-opt', 'x'], 'Invalid --security-opt: "x"'],
  [
    ['--security-opt', 'seccomp=/nosuch'],
    'opening seccomp profile (/nosuch) failed: open /nosuch: no such file or directory',
  ],
  [['--storage-opt', 'a'], 'invalid storage option'],
  [['--health-cmd', 'x', '--no-healthcheck'], '--no-healthcheck conflicts with --health-* options'],
  [['--health-retries', '-1'], '--health-retries cannot be negative'],
  [['-v', '/a:/b:ro:z'], 'invalid spec: /a:/b:ro:z: too many colons'],
  [['-v', ':/b'], 'invalid spec: :/b: empty section between colons'],
  [['-p', '99999:1'], 'invalid hostPort: 99999'],
  [['-p', '80/foo'], 'invalid proto: foo'],
  [['-p', 'abc:1:2'], 'invalid IP address: abc'],
  [['-p', '1-5:3-4'], 'invalid ranges specified for container and host Ports: 3-4 and 1-5'],
  [['--expose', '3-1'], 'invalid range format for --expose: 3-1, error: invalid range specified for port: 3-1'],
  [
    ['--expose', '80000'],
    'invalid range format for --expose: 80000, error: strconv.ParseUint: parsing "80000": value out of range',
  ],
  [['--mac-address', 'x'], 'x is not a valid mac address'],
  [['--env-file', '/nosuch'], 'open /nosuch: no such file or directory'],
  [['-e', '=x'], 'invalid environment variable: =x'],
  [['-l', '='], "invalid label '=': empty name"],
  [['--sysctl', 'kernel.foo=1'], "sysctl 'kernel.foo=1' is not allowed"],
  [['-a', 'bogus'], 'valid streams are STDIN, STDOUT and STDERR'],
];

for (const [line, message] of refusals) {
  test(`${line.join(' ')} is refused in Docker's words`, t => {
    const error = t.throws(() => build(line));
    t.true(error.message.endsWith(message), error.message);
  });
}

test('a volume that is named twice is one', t => {
  t.deepEqual(build(['-v', '/a:/b', '-v', '/a:/b', '-v', '/c:/b']).HostConfig?.Binds, ['/a:/b', '/c:/b']);
});

test('warnings of what is seldom meant', t => {
  t.deepEqual(dangers(build(['--dns', '8.8.8.8', '--oom-kill-disable', '-m', '64m'])), []);
  t.deepEqual(dangers(build(['--dns', '8.8.8.8', '--dns', '127.0.0.53', '--oom-kill-disable'])), [
    "Disabling the OOM killer on containers without setting a '-m/--memory' limit may be dangerous.",
    'Localhost DNS setting (--dns=127.0.0.53) may fail in containers.',
  ]);
});
