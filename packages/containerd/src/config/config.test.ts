import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {codeOf} from '@longshore/errdefs';
import test, {type ExecutionContext} from 'ava';
import {parse} from 'smol-toml';
import {printConfig} from '../commands/config.ts';
import {tempDir} from '../test-support/store.ts';
import {parseDuration} from './duration.ts';
import {parseCommandLine} from './flags.ts';
import {defaultConfigPath} from './load.ts';
import {lineOf} from './locate.ts';
import {readConfig} from './read.ts';

/** The file that dockerd 28.5.2 writes for its containerd. */
const dockerdFile = `
disabled_plugins = ["io.containerd.grpc.v1.cri"]
imports = []
oom_score = 0
required_plugins = []
root = "/var/lib/docker/containerd/daemon"
state = "/var/run/docker/containerd/daemon"
temp = ""
version = 2

[cgroup]
  path = ""

[debug]
  address = "/var/run/docker/containerd/containerd-debug.sock"
  format = "text"
  gid = 0
  level = ""
  uid = 0

[grpc]
  address = "/var/run/docker/containerd/containerd.sock"
  gid = 0
  max_recv_message_size = 16777216
  max_send_message_size = 16777216
  tcp_address = ""
  tcp_tls_ca = ""
  tcp_tls_cert = ""
  tcp_tls_key = ""
  uid = 0

[metrics]
  address = ""
  grpc_histogram = false

[plugins]

[proxy_plugins]

[stream_processors]

[timeouts]

[ttrpc]
  address = ""
  gid = 0
  uid = 0
`;

function write(t: ExecutionContext, text: string, files: Record<string, string> = {}): string {
  const directory = tempDir(t);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(directory, name, '..'), {recursive: true});
    writeFileSync(join(directory, name), content);
  }
  const path = join(directory, 'config.toml');
  writeFileSync(path, text);
  return path;
}

const load = (t: ExecutionContext, text: string, ...flags: string[]) =>
  readConfig(parseCommandLine(['--config', write(t, text), ...flags]));

const refusal = (t: ExecutionContext, text: string) => {
  const error = t.throws(() => load(t, text));
  t.is(codeOf(error), 'invalid-argument');
  return error?.message.replace(/^.*config\.toml/, 'config.toml');
};

test('without a file the defaults hold', t => {
  const config = load(t, '');
  t.is(config.root, '/var/lib/containerd');
  t.is(config.grpc.address, '/run/containerd/containerd.sock');
  t.is(config.ttrpc.address, '/run/containerd/containerd.sock.ttrpc');
  t.is(config.timeouts['io.containerd.timeout.shim.cleanup'], 5000);
  t.like(config.collector, {pauseThreshold: 0.02, startupDelayMs: 100, mutationThreshold: 100});
});

test('the file that dockerd writes loads', t => {
  const config = load(t, dockerdFile);
  t.is(config.root, '/var/lib/docker/containerd/daemon');
  t.is(config.grpc.address, '/var/run/docker/containerd/containerd.sock');
  t.deepEqual(config.disabledPlugins, ['io.containerd.grpc.v1.cri']);
  t.is(config.debug.level, 'info');
});

test('version 3 names the same keys', t => {
  const config = load(
    t,
    `version = 3
    [grpc]
    address = '/x/y.sock'
    uid = 5
    gid = 7
    [ttrpc]
    address = '/x/z.sock'
    [debug]
    level = 'warning'
    format = 'json'
    [timeouts]
    'io.containerd.timeout.task.state' = '1m30s'
    [plugins.'io.containerd.gc.v1.scheduler']
    schedule_delay = '250ms'
    [plugins.'io.containerd.snapshotter.v1.overlayfs']
    root_path = '/elsewhere'
    mount_options = ['volatile']
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    anything = 1`,
  );
  t.deepEqual(config.grpc, {address: '/x/y.sock', uid: 5, gid: 7, maxReceive: 16777216, maxSend: 16777216});
  t.is(config.ttrpc.address, '/x/z.sock');
  t.like(config.debug, {level: 'warn', format: 'json', address: ''});
  t.is(config.timeouts['io.containerd.timeout.task.state'], 90_000);
  t.is(config.collector.scheduleDelayMs, 250);
  t.like(config.overlayfs, {root: '/elsewhere', mountOptions: ['volatile']});
});

test('flags come last', t => {
  const config = load(t, 'root = "/file"', '--root', '/flag', '--state=/s', '-a', 'unix:///c.sock', '-l', 'debug');
  t.is(config.root, '/flag');
  t.is(config.state, '/s');
  t.is(config.grpc.address, '/c.sock');
  t.is(config.ttrpc.address, '/c.sock.ttrpc');
  t.is(config.debug.level, 'debug');
  t.is(load(t, '', '--log-format', 'json').debug.format, 'json');
});

test('proxies are named by their tables', t => {
  const {proxies} = load(t, '[proxy_plugins.far]\ntype = "snapshot"\naddress = "unix:///f"\nexports = {root = "/r"}');
  const capabilities: string[] = [];
  t.deepEqual(proxies, [
    {name: 'far', kind: 'snapshot', address: '/f', exports: {root: '/r'}, capabilities, platform: ''},
  ]);
});

test('files of version 1 and 2 come in the names of version 3', t => {
  const config = load(
    t,
    `disabled_plugins = ["cri", "native"]
    [plugins.cri]
    anything = 1
    [plugins.cgroups]
    no_prometheus = true
    [plugins."io.containerd.runtime.v2.task"]
    sched_core = true`,
  );
  t.true(config.disabledPlugins.includes('io.containerd.grpc.v1.cri'));
  t.true(config.disabledPlugins.includes('io.containerd.snapshotter.v1.native'));
  t.false(config.metrics.containers);
  t.deepEqual(config.shimEnvironment, ['SCHED_CORE=1']);
});

test('lists of plugins add up over imports, other lists do not; an import cannot be newer', t => {
  const text = 'version = 2\nimports = ["a.toml"]\ndisabled_plugins = ["x.y"]\n';
  const imported = (version: number) =>
    `version = ${version}\ndisabled_plugins = ["z.y"]\n[plugins."io.containerd.shim.v1.manager"]\nenv = ["A=1"]`;
  const read = (version: number) =>
    readConfig(parseCommandLine(['--config', write(t, text, {'a.toml': imported(version)})]));
  t.deepEqual(read(2).disabledPlugins, ['x.y', 'z.y']);
  t.deepEqual(read(2).shimEnvironment, ['A=1']);
  t.regex(t.throws(() => read(3))?.message ?? '', /a\.toml: version 3 in a file imported by one of version 2/);
});

for (const [text, message] of [
  ['version = 2\nrooot = "/x"', 'config.toml:2: "rooot" is an unknown key'],
  ['[grpc]\naddress = "/x"\n  adress = "/y"', 'config.toml:3: "grpc.adress" is an unknown key'],
  ['[grpc]\nuid = "root"', 'config.toml:2: "grpc.uid" must be an integer'],
  ['[grpc]\ntcp_address = "0.0.0.0"', 'config.toml:2: "grpc.tcp_address" must be host:port'],
  ['[grpc]\ntcp_tls_key = "/k"', 'grpc.tcp_tls_cert and grpc.tcp_tls_key belong together'],
  ['[grpc]\ntcp_tls_ca = "/k"', 'grpc.tcp_tls_ca needs grpc.tcp_tls_cert and grpc.tcp_tls_key'],
  ['grpc = 1', 'config.toml:1: "grpc" must be a table'],
  ['version = 4', 'config.toml:1: "version" must be one of 1, 2, 3'],
  [
    '[debug]\nlevel = "loud"',
    'config.toml:2: "debug.level" must be one of , trace, debug, info, warn, warning, error, fatal, panic',
  ],
  [
    '[timeouts]\n"io.containerd.timeout.shim.load" = "soon"',
    `config.toml:2: "timeouts.'io.containerd.timeout.shim.load'" must be a duration such as "5s"`,
  ],
  [
    '[plugins."io.example.v1.x"]\na = 1',
    `config.toml:1: "plugins.'io.example.v1.x'" is no plugin of this daemon nor of containerd 1.6 to 2.1`,
  ],
  [
    '[plugins."io.containerd.gc.v1.scheduler"]\npause = 1',
    `config.toml:2: "plugins.'io.containerd.gc.v1.scheduler'.pause" is an unknown key`,
  ],
  ['[proxy_plugins.x]\ntype = "snapshot"', 'config.toml:1: "proxy_plugins.x" lacks its address'],
  [
    '[proxy_plugins.x]\ntype = "volume"\naddress = "/x"',
    'config.toml:2: "proxy_plugins.x.type" must be one of snapshot, content, diff, sandbox',
  ],
  [
    '[proxy_plugins.native]\ntype = "snapshot"\naddress = "/x"',
    'proxy plugin "native" has the name of a plugin of this daemon: put "io.containerd.snapshotter.v1.native" into disabled_plugins to replace it',
  ],
  [
    '[proxy_plugins.far]\ntype = "content"\naddress = "/x"',
    'there can be one content store, not content and far: disable all but one in disabled_plugins',
  ],
] as const) {
  test(`refused: ${text.replaceAll('\n', ' ')}`, t => t.is(refusal(t, text), message));
}

test('broken TOML names the file', t => {
  t.regex(refusal(t, 'root = ') ?? '', /^config\.toml: Invalid TOML/);
});

test('a file that was named must exist', t => {
  const error = t.throws(() => readConfig(parseCommandLine(['-c', '/nosuch/config.toml'])));
  t.is(codeOf(error), 'not-found');
});

test('imports lie over the file, and may import in turn', t => {
  const path = write(t, 'imports = ["conf.d/*.toml"]\nroot = "/a"\nstate = "/a"\noom_score = 1', {
    'conf.d/1.toml': 'root = "/b"\nimports = ["../deep.toml"]\n[grpc]\nuid = 3',
    'conf.d/2.toml': 'state = "/c"\n[grpc]\ngid = 4',
    'deep.toml': 'oom_score = 9\nimports = ["config.toml"]',
  });
  const config = readConfig(parseCommandLine(['-c', path]));
  t.deepEqual([config.root, config.state, config.oomScore], ['/b', '/c', 9]);
  t.deepEqual([config.grpc.uid, config.grpc.gid], [3, 4]);
});

test('config default prints what loads as the defaults', t => {
  const line = parseCommandLine(['config', 'default']);
  const text = printConfig(['default'], line);
  t.is((parse(text) as {version: number}).version, 3);
  t.deepEqual(load(t, text), load(t, ''));
});

test('config dump prints file and flags together', t => {
  const line = parseCommandLine(['--root', '/flag', '-c', write(t, dockerdFile), 'config', 'dump']);
  t.deepEqual(line.command, ['config', 'dump']);
  const dumped = parse(printConfig(['dump'], line)) as {root: string; state: string; version: number};
  t.deepEqual([dumped.root, dumped.state, dumped.version], ['/flag', '/var/run/docker/containerd/daemon', 3]);
});

test('flags of the first releases work or name what took their place', t => {
  t.is(parseCommandLine(['--state-dir', '/s']).overrides.state, '/s');
  t.is(parseCommandLine(['-l', 'unix:///l.sock']).overrides.address, '/l.sock');
  t.is(parseCommandLine(['--listen', '/l.sock']).overrides.address, '/l.sock');
  t.regex(t.throws(() => parseCommandLine(['--start-timeout', '5s']))?.message ?? '', /timeout\.shim\.load/);
  t.is(t.throws(() => parseCommandLine(['--nosuch']))?.message, 'flag provided but not defined: -nosuch');
  t.is(t.throws(() => parseCommandLine(['--root']))?.message, 'flag needs an argument: -root');
  t.is(defaultConfigPath, '/etc/containerd/config.toml');
});

test('lines of keys in tables of tables and with quotes', t => {
  const text = 'a = 1\n[b."c.d"]\n# e = 0\ne.f = 2\n[ b . x ]\n"y z" = 3\n';
  t.is(lineOf(text, ['b', 'c.d', 'e', 'f']), 4);
  t.is(lineOf(text, ['b', 'x', 'y z']), 6);
  t.is(lineOf(text, ['b', 'x']), 5);
  t.is(lineOf(text, ['nosuch']), undefined);
});

test('durations as Go writes them', t => {
  t.deepEqual(['1m0s', '100ms', '1h2m3.5s', '0s', '0'].map(parseDuration), [60_000, 100, 3_723_500, 0, 0]);
  t.deepEqual(['', '5', 's', '5 s', '-1s'].map(parseDuration), [undefined, undefined, undefined, undefined, undefined]);
});
