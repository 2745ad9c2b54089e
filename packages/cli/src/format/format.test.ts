import type {
  ContainerSummary,
  DiskUsage,
  EventMessage,
  ImageHistoryItem,
  ImageSummary,
  SystemInfo,
} from '@longshore/api/engine';
import test from 'ava';
import {containerRaw, containerRow, containerTable} from './container-row.ts';
import {diskUsageRow, diskUsageRows, diskUsageTable} from './disk-usage-row.ts';
import {eventFormatter} from './event.ts';
import {exactHistoryTable, historyRow, historyTable} from './history-row.ts';
import {imageRow, imageRows, imageTable, imageTableWithDigest} from './image-row.ts';
import {progressBar} from './json-messages.ts';
import {parseJsonStream} from './json-stream.ts';
import {formatList, usesField} from './list.ts';
import {naturalCompare} from './natural-order.ts';
import {formatPorts} from './ports.ts';
import {serverInfoText} from './server-info.ts';
import {StatsMeter, statsRow, statsTable} from './stats-row.ts';
import {ellipsis, goTimeOf} from './text.ts';

process.env.TZ = 'UTC';

const created = Math.trunc(Date.now() / 1000) - 11 * 60;
const published = [
  {IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp'},
  {IP: '::', PrivatePort: 80, PublicPort: 8080, Type: 'tcp'},
  {IP: '127.0.0.1', PrivatePort: 90, PublicPort: 9090, Type: 'udp'},
];
const web = {
  Id: '1acb3c3a546acea11d45a339ba1c166db2f2acd8ee0cbb0aea76935fb911711c',
  Names: ['/web1', '/other/link'],
  Image: 'busybox',
  ImageID: 'sha256:311deae1913a499f21ce883f4c96caa0b2babef891dc260a74d4beff30b63715',
  Command: "sh -c 'echo out; echo err >&2; exit 3'",
  Created: created,
  Ports: published,
  SizeRw: 0,
  SizeRootFs: 1984172,
  Labels: {'com.x.a-b_c': 'v', a: 'b'},
  State: 'running',
  Status: 'Up 11 minutes',
  Mounts: [
    {
      Type: 'volume',
      Name: 'data1',
      Source: '/var',
      Destination: '/d',
      Driver: 'local',
      Mode: '',
      RW: true,
      Propagation: '',
    },
  ],
  NetworkSettings: {Networks: {net1: {}, bridge: {}}},
} as unknown as ContainerSummary;

const list = (format: string, truncate = true) =>
  formatList([web], containerRow({truncate}), {format, table: containerTable, raw: containerRaw});

test('docker ps as captured', t => {
  t.is(
    list(''),
    'CONTAINER ID   IMAGE     COMMAND                  CREATED          STATUS          PORTS                                                             NAMES\n' +
      '1acb3c3a546a   busybox   "sh -c \'echo out; ec…"   11 minutes ago   Up 11 minutes   0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 127.0.0.1:9090->90/udp   web1\n',
  );
});

test("a template of one's own, with a head made of its fields", t => {
  t.is(
    list('table {{.ID}}\\t{{.Names}}\\t{{.Label "com.x.a-b_c"}}'),
    'CONTAINER ID   NAMES     a b c\n1acb3c3a546a   web1      v\n',
  );
  t.is(list('{{.Names}}\\t{{.Size}}\\t{{.Labels}}'), 'web1\t0B (virtual 1.98MB)\ta=b,com.x.a-b_c=v\n');
});

test('json has every field, sorted, with escapes', t => {
  const json = list('json');
  t.regex(json, /"Ports":"0\.0\.0\.0:8080-\\u003e80\/tcp/);
  t.deepEqual(Object.keys(JSON.parse(json)), [
    ...['Command', 'CreatedAt', 'ID', 'Image', 'Labels', 'LocalVolumes', 'Mounts', 'Names', 'Networks', 'Platform'],
    ...['Ports', 'RunningFor', 'Size', 'State', 'Status'],
  ]);
  t.is(list('{{json .}}'), json);
});

test('raw and untruncated', t => {
  t.true(list('raw').startsWith('container_id: 1acb3c3a546a\nimage: busybox\ncommand: "sh -c \'echo out; ec…"\n'));
  t.is(list('{{.ID}} {{.Names}}', false), `${web.Id} web1,other/link\n`);
});

test('whether sizes are needed is seen in the template', t => {
  const type = containerRow({truncate: true});
  t.true(usesField('table {{.ID}}\\t{{.Size}}', type, 'Size'));
  t.true(usesField('{{json .}}', type, 'Size'));
  t.false(usesField('{{.Names}} {{index (split .Names ",") 5}}', type, 'Size'));
  t.is(
    t.throws(() => usesField('{{.Names', type, 'Size')).message,
    'failed to parse template: template: :1: unclosed action',
  );
});

test('a field that is not there is an error', t => {
  const {message} = t.throws(() => list('{{.Nope}}'));
  t.is(
    message,
    `failed to execute template: template: :1:2: executing "" at <.Nope>: can't evaluate field Nope in type *formatter.ContainerContext`,
  );
});

test('neighbouring ports are drawn together', t => {
  const ports = (first: number, count: number) =>
    Array.from({length: count}, (_, i) => ({PrivatePort: first + i, Type: 'tcp' as const}));
  t.is(formatPorts(ports(80, 3)), '80-82/tcp');
  t.is(
    formatPorts([80, 81].map(port => ({IP: '0.0.0.0', PrivatePort: port, PublicPort: port, Type: 'tcp'}))),
    '0.0.0.0:80-81->80-81/tcp',
  );
  t.is(
    formatPorts([
      {PrivatePort: 80, Type: 'udp'},
      {PrivatePort: 80, Type: 'tcp'},
    ] as never),
    '80/tcp, 80/udp',
  );
});

const image = {
  Id: 'sha256:311deae1913a499f21ce883f4c96caa0b2babef891dc260a74d4beff30b63715',
  RepoTags: ['busybox:latest', 'reg:5000/x:1'],
  RepoDigests: ['busybox@sha256:aaaa', 'only@sha256:bbbb'],
  Created: created,
  Size: 1984172,
  SharedSize: -1,
  Containers: -1,
} as unknown as ImageSummary;

test('docker images: a row a tag, or a tag and digest', t => {
  const names = (withDigests: boolean) =>
    imageRows([image], withDigests).map(row => `${row.repository} ${row.tag} ${row.digest}`);
  t.deepEqual(names(false), ['busybox latest <none>', 'reg:5000/x 1 <none>', 'only <none> <none>']);
  t.deepEqual(names(true), ['busybox latest sha256:aaaa', 'reg:5000/x 1 <none>', 'only <none> sha256:bbbb']);
  const dangling = {...image, RepoTags: ['<none>:<none>'], RepoDigests: null} as unknown as ImageSummary;
  t.deepEqual(
    imageRows([dangling], true).map(row => row.repository),
    ['<none>'],
  );
  const one = imageRows([{...image, RepoTags: ['busybox:latest'], RepoDigests: []} as unknown as ImageSummary], false);
  t.is(
    formatList(one, imageRow({truncate: true}), {format: '', table: imageTable}),
    'REPOSITORY   TAG       IMAGE ID       CREATED          SIZE\nbusybox      latest    311deae1913a   11 minutes ago   1.98MB\n',
  );
  t.regex(
    formatList(one, imageRow({truncate: true}), {format: '', table: imageTableWithDigest}),
    /latest {4}<none> {4}311deae1913a/,
  );
  const json = JSON.parse(formatList(one, imageRow({truncate: true}), {format: 'json', table: imageTable}));
  t.like(json, {Containers: 'N/A', SharedSize: 'N/A', UniqueSize: 'N/A', VirtualSize: '1.984MB', Size: '1.98MB'});
});

test('docker history, for people and exact', t => {
  const item = {
    Id: image.Id,
    Created: created,
    CreatedBy: '/bin/sh -c #(nop)\tCMD ["a very long command line of all kinds"]',
    Size: 1984172,
    Comment: 'note',
  };
  const show = (isHuman: boolean) =>
    formatList([item as ImageHistoryItem], historyRow({truncate: true, isHuman}), {
      format: '',
      table: isHuman ? historyTable : exactHistoryTable,
    });
  t.regex(show(true), /311deae1913a {3}11 minutes ago {3}\/bin\/sh -c #\(nop\) CMD \["a very long command …/);
  t.regex(show(false), /T\d\d:\d\d:\d\dZ .* 1984172 +note/);
});

test('docker system df', t => {
  const usage = {
    LayersSize: 4176000,
    Images: [
      {...image, Containers: 1, Size: 4150000, SharedSize: 2011000},
      {...image, Containers: 0, Size: 4150000, SharedSize: 2011000},
    ],
    Containers: [web, {...web, State: 'exited', SizeRw: 4096}],
    Volumes: [{Name: 'v', UsageData: {RefCount: 0, Size: 100}}],
    BuildCache: null,
  } as unknown as DiskUsage;
  t.is(
    formatList(diskUsageRows(usage), diskUsageRow, {format: '', table: diskUsageTable}),
    'TYPE            TOTAL     ACTIVE    SIZE      RECLAIMABLE\n' +
      'Images          2         1         4.176MB   2.037MB (48%)\n' +
      'Containers      2         1         4.096kB   4.096kB (100%)\n' +
      'Local Volumes   1         0         100B      100B (100%)\n' +
      'Build Cache     0         0         0B        0B\n',
  );
});

test('docker stats counts from one sample to the next', t => {
  const sample = (cpu: number, system: number) => ({
    id: web.Id,
    name: '/web1',
    cpu_stats: {cpu_usage: {total_usage: cpu}, system_cpu_usage: system, online_cpus: 2},
    precpu_stats: {cpu_usage: {total_usage: 0}},
    memory_stats: {usage: 900_000, limit: 67108864, stats: {inactive_file: 80_800}},
    networks: {eth0: {rx_bytes: 3280, tx_bytes: 126}, eth1: {rx_bytes: 0, tx_bytes: 0}},
    blkio_stats: {
      io_service_bytes_recursive: [
        {op: 'Read', value: 10},
        {op: 'write', value: 20},
      ],
    },
    pids_stats: {current: 2},
  });
  const meter = new StatsMeter();
  meter.measure('web1', sample(100, 1000) as never);
  const usage = meter.measure('web1', sample(200, 2000) as never);
  t.is(
    formatList([usage], statsRow({truncate: true}), {format: '', table: statsTable}).split('\n')[1],
    '1acb3c3a546a   web1      20.00%    800KiB / 64MiB      1.22%     3.28kB / 126B   10B / 20B   2'.replace(
      '64MiB      ',
      '64MiB      ',
    ),
  );
});

test('docker events, plain and by template', t => {
  const event = {
    status: 'die',
    id: 'abc',
    from: 'busybox',
    Type: 'container',
    Action: 'die',
    Actor: {ID: 'abc', Attributes: {name: 'x', exitCode: '0'}},
    scope: 'local',
    time: 1795228240,
    timeNano: 1795228240368649701n,
  } as unknown as EventMessage;
  t.is(eventFormatter('')(event), '2026-11-21T02:30:40.368649701Z container die abc (exitCode=0, name=x)\n');
  t.is(
    eventFormatter('{{.Type}} {{.ID}} {{.From}} {{.TimeNano}} {{.Actor.Attributes.name}} {{.Actor.Attributes.nope}}')(
      event,
    ),
    'container abc busybox 1795228240368649701 x <no value>\n',
  );
  t.regex(eventFormatter('json')(event), /"timeNano":1795228240368649701\}\n$/);
  t.throws(() => eventFormatter('{{.Nope}}')(event));
});

test('values of a stream may be cut anywhere', async t => {
  const text = '{"a":"}{\\"","n":1795228240368649701}\n[1,{"b":[]}] {\n "c": 3 }';
  for (let size = 1; size < text.length; size++) {
    const pieces = Array.from({length: Math.ceil(text.length / size)}, (_, i) =>
      Buffer.from(text.slice(i * size, (i + 1) * size)),
    );
    const values: unknown[] = [];
    for await (const value of parseJsonStream(toAsync(pieces))) values.push(value);
    t.deepEqual(values, [{a: '}{"', n: 1795228240368649701n}, [1, {b: []}], {c: 3}]);
  }
  await t.throwsAsync(async () => {
    for await (const _ of parseJsonStream(toAsync([Buffer.from('{"a":')]))) t.fail();
  });
});

async function* toAsync<T>(items: T[]): AsyncGenerator<T> {
  yield* items;
}

test('progress as bars on a wide terminal and as numbers on a narrow one', t => {
  const message = {progressDetail: {current: 30_290_000, total: 64_000_000}};
  t.is(progressBar(message, 120), `[${'='.repeat(23)}>${' '.repeat(27)}]  30.29MB/64MB`);
  t.is(progressBar(message, 80), ' 30.29MB/64MB');
  t.is(progressBar({progressDetail: {}}, 120), '');
});

test('docker info of a small engine', t => {
  const info = {
    Containers: 1,
    ContainersRunning: 1,
    ContainersPaused: 0,
    ContainersStopped: 0,
    Images: 2,
    ServerVersion: '1',
    Driver: 'overlayfs',
    DriverStatus: [['driver-type', 'x']],
    Plugins: {Volume: ['local'], Network: ['bridge', 'host'], Authorization: null, Log: ['json-file']},
    LoggingDriver: 'json-file',
    CgroupDriver: 'cgroupfs',
    CgroupVersion: '2',
    Swarm: {LocalNodeState: 'inactive'},
    Runtimes: {runc: {}},
    DefaultRuntime: 'runc',
    OSType: 'linux',
    SecurityOptions: ['name=seccomp,profile=builtin', 'name=cgroupns'],
    MemTotal: 25276502016,
    RegistryConfig: {
      IndexConfigs: {'127.0.0.1:5000': {Name: '127.0.0.1:5000', Secure: false}},
      InsecureRegistryCIDRs: ['127.0.0.0/8'],
      Mirrors: null,
    },
  } as unknown as SystemInfo;
  const text = serverInfoText(info);
  t.true(
    text.startsWith(
      ' Containers: 1\n  Running: 1\n  Paused: 0\n  Stopped: 0\n Images: 2\n Server Version: 1\n Storage Driver: overlayfs\n  driver-type: x\n',
    ),
  );
  t.true(text.includes(' Security Options:\n  seccomp\n   Profile: builtin\n  cgroupns\n'));
  t.true(text.includes(' Total Memory: 23.54GiB\n'));
  t.true(text.includes(' Insecure Registries:\n  127.0.0.1:5000\n  127.0.0.0/8\n'));
});

test('small texts', t => {
  t.is(ellipsis('sh -c something', 8), 'sh -c s…');
  t.is(ellipsis('short', 8), 'short');
  t.is(goTimeOf('2026-11-21T02:12:53.5679Z'), '2026-11-21 02:12:53.5679 +0000 UTC');
  t.deepEqual(['net10', 'net2', 'a', 'net1'].sort(naturalCompare), ['a', 'net1', 'net2', 'net10']);
});
