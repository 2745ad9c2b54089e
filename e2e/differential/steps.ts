/**
 * Requests that are sent, in this order, to the original engine and to ours: every container, exec, image, network, volume
 * and system route with good and bad input, containers in every state under every operation, and bodies with one field
 * after the other. Names are the same on both sides, so that no answer has to be looked into.
 */

export interface Step {
  /** Unique; differences are listed by it. */
  name: string;
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Without the version. */
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** Sent to both to get to the next state; not compared. */
  isPreparation?: boolean;
}

const sleep = {Image: 'busybox', Cmd: ['busybox', 'sleep', '1000']};
/** Ends at once when it is told to. */
const waiter = {
  Image: 'busybox',
  Cmd: ['busybox', 'sh', '-c', 'trap "exit 3" TERM; while :; do busybox sleep 0.1; done'],
};

const get = (path: string, name = `GET ${path}`): Step => ({name, method: 'GET', path});
const post = (path: string, body?: unknown, name = `POST ${path}`): Step => ({name, method: 'POST', path, body});
const remove = (path: string, name = `DELETE ${path}`): Step => ({name, method: 'DELETE', path});
const prepare = (step: Step): Step => ({...step, isPreparation: true});
const filters = (value: unknown): string =>
  encodeURIComponent(typeof value === 'string' ? value : JSON.stringify(value));
const createNamed = (name: string, body: unknown): Step =>
  post(`/containers/create?name=${name}`, body, `create ${name}`);

/** Operations on a container, none of which waits for long. `%` is its name. */
const operations: [name: string, method: Step['method'], path: string, body?: unknown][] = [
  ['inspect', 'GET', '/containers/%/json'],
  ['inspect with size', 'GET', '/containers/%/json?size=1'],
  ['top', 'GET', '/containers/%/top'],
  ['top with arguments', 'GET', '/containers/%/top?ps_args=-o%20pid,comm'],
  ['top with bad arguments', 'GET', '/containers/%/top?ps_args=--nonsense'],
  ['logs', 'GET', '/containers/%/logs?stdout=1&stderr=1'],
  ['logs of no stream', 'GET', '/containers/%/logs'],
  ['logs with a bad tail', 'GET', '/containers/%/logs?stdout=1&tail=x'],
  ['logs with a bad since', 'GET', '/containers/%/logs?stdout=1&since=yesterday'],
  ['changes', 'GET', '/containers/%/changes'],
  ['stats once', 'GET', '/containers/%/stats?stream=0&one-shot=1'],
  ['resize', 'POST', '/containers/%/resize?h=20&w=80'],
  ['resize to nothing', 'POST', '/containers/%/resize?h=x&w=80'],
  ['kill with a signal that is none', 'POST', '/containers/%/kill?signal=SIGNOPE'],
  ['kill with a harmless signal', 'POST', '/containers/%/kill?signal=SIGCONT'],
  ['update of nothing', 'POST', '/containers/%/update', {}],
  ['update of the memory', 'POST', '/containers/%/update', {Memory: 64_000_000, MemorySwap: 128_000_000}],
  ['update below the least memory', 'POST', '/containers/%/update', {Memory: 1000}],
  [
    'update of the restart policy',
    'POST',
    '/containers/%/update',
    {RestartPolicy: {Name: 'on-failure', MaximumRetryCount: 3}},
  ],
  ['update to a policy that is none', 'POST', '/containers/%/update', {RestartPolicy: {Name: 'perhaps'}}],
  ['update by broken JSON', 'POST', '/containers/%/update', '{'],
  ['rename to nothing', 'POST', '/containers/%/rename?name='],
  ['rename to a bad name', 'POST', '/containers/%/rename?name=a%2Fb'],
  ['rename to a name in use', 'POST', '/containers/%/rename?name=other'],
  ['rename to its own name', 'POST', '/containers/%/rename?name=%'],
  ['stat of a path', 'HEAD', '/containers/%/archive?path=%2Fetc'],
  ['stat of a missing path', 'HEAD', '/containers/%/archive?path=%2Fnope'],
  ['archive of a missing path', 'GET', '/containers/%/archive?path=%2Fnope'],
  ['archive without a path', 'GET', '/containers/%/archive'],
  ['archive into a missing directory', 'PUT', '/containers/%/archive?path=%2Fnope', Buffer.alloc(1024)],
  ['archive that is none', 'PUT', '/containers/%/archive?path=%2Ftmp', Buffer.alloc(1024, 'x')],
  ['exec', 'POST', '/containers/%/exec', {Cmd: ['busybox', 'true']}],
  ['exec of nothing', 'POST', '/containers/%/exec', {Cmd: []}],
  ['exec by broken JSON', 'POST', '/containers/%/exec', '{'],
  ['attach without a stream', 'POST', '/containers/%/attach?logs=1'],
];

/** Operations that change the state; those behind the first one are compared in the state that it leads to. */
const changes: [name: string, method: Step['method'], path: string][] = [
  ['unpause', 'POST', '/containers/%/unpause'],
  ['pause', 'POST', '/containers/%/pause'],
  ['pause again', 'POST', '/containers/%/pause'],
  ['start', 'POST', '/containers/%/start'],
  ['exec start of nothing', 'POST', '/exec/nonesuch/start'],
  ['remove without force', 'DELETE', '/containers/%'],
];

/** How a container gets into each state. */
const states: Record<string, (name: string) => Step[]> = {
  missing: () => [],
  created: name => [createNamed(name, sleep)],
  running: name => [createNamed(name, waiter), post(`/containers/${name}/start`)],
  paused: name => [createNamed(name, waiter), post(`/containers/${name}/start`), post(`/containers/${name}/pause`)],
  exited: name => [
    createNamed(name, {...sleep, Cmd: ['busybox', 'sh', '-c', 'echo out; exit 7']}),
    post(`/containers/${name}/start`),
    post(`/containers/${name}/wait`),
  ],
};

function inEveryState(): Step[] {
  return Object.entries(states).flatMap(([state, reach]) => {
    const name = `in-${state}`;
    const fill = (text: string) =>
      text.replaceAll('/%/', `/${name}/`).replace(/=%$/, `=${name}`).replace(/\/%$/, `/${name}`);
    const steps = [...operations, ...changes].map(
      ([what, method, path, body]): Step => ({
        name: `${state}: ${what}`,
        method,
        path: fill(path),
        body: JSON.stringify(body)?.includes('"%"') ? {Container: name} : body,
      }),
    );
    const inspect = get(`/containers/${name}/json`, `${state}: inspect afterwards`);
    const clean = state === 'missing' ? [] : [prepare(remove(`/containers/${name}?force=1`))];
    return [...reach(name).map(prepare), ...steps, inspect, ...clean];
  });
}

/** HostConfig fields with a good and a bad value; `undefined` where no value is bad. */
const hostFields: [field: string, good: unknown, bad: unknown][] = [
  ['Memory', 64_000_000, 1000],
  ['Memory', 64_000_000, 'much'],
  ['MemoryReservation', 32_000_000, 'x'],
  ['CpuShares', 512, 'x'],
  ['NanoCpus', 500_000_000, 10 ** 15],
  ['CpuPeriod', 100_000, 1],
  ['CpuQuota', 50_000, 1],
  ['CpusetCpus', '0', '999'],
  ['CpusetCpus', '0', 'x'],
  ['CpusetMems', '0', '77'],
  ['PidsLimit', 100, 'x'],
  ['BlkioWeight', 300, 5],
  ['OomScoreAdj', 100, 5000],
  ['OomKillDisable', false, 'x'],
  ['ShmSize', 1_000_000, -1],
  ['CapAdd', ['NET_ADMIN'], ['NOT_A_CAPABILITY']],
  ['CapDrop', ['ALL'], ['NOPE']],
  ['SecurityOpt', ['no-new-privileges'], ['nonsense=1']],
  ['SecurityOpt', ['seccomp=unconfined'], ['seccomp={']],
  ['IpcMode', 'private', 'wrong'],
  ['PidMode', 'host', 'wrong'],
  ['UTSMode', 'host', 'wrong'],
  ['CgroupnsMode', 'private', 'wrong'],
  ['NetworkMode', 'none', 'nonesuch'],
  ['NetworkMode', 'host', 'container:nonesuch'],
  ['RestartPolicy', {Name: 'always'}, {Name: 'perhaps'}],
  ['RestartPolicy', {Name: 'on-failure', MaximumRetryCount: 3}, {Name: 'always', MaximumRetryCount: 3}],
  ['Binds', ['/tmp:/x:ro'], ['a:b:c:d']],
  ['Binds', ['/tmp:/x'], ['/tmp:relative']],
  ['Mounts', [{Type: 'tmpfs', Target: '/x'}], [{Type: 'wrong', Target: '/x'}]],
  ['Mounts', [{Type: 'volume', Target: '/x'}], [{Type: 'bind', Source: '/does/not/exist', Target: '/x'}]],
  ['Mounts', [{Type: 'bind', Source: '/tmp', Target: '/x', ReadOnly: true}], [{Type: 'bind', Target: '/x'}]],
  ['Tmpfs', {'/x': 'size=1m'}, {'/x': 'nonsense=1'}],
  ['Ulimits', [{Name: 'nofile', Soft: 10, Hard: 20}], [{Name: 'nonsense', Soft: 1, Hard: 1}]],
  ['Ulimits', [{Name: 'core', Soft: 0, Hard: 0}], [{Name: 'nofile', Soft: 20, Hard: 10}]],
  ['Devices', [{PathOnHost: '/dev/null', PathInContainer: '/dev/x', CgroupPermissions: 'rwm'}], 'x'],
  ['DeviceCgroupRules', ['c 1:3 rwm'], ['nonsense']],
  ['ExtraHosts', ['a:1.2.3.4'], ['nonsense']],
  ['Dns', ['10.0.0.1'], 'x'],
  ['PortBindings', {'80/tcp': [{HostPort: '18080'}]}, {'80/tcp': [{HostPort: 'x'}]}],
  ['PortBindings', {'81/udp': [{HostPort: ''}]}, {'nonsense/x': [{HostPort: '1'}]}],
  ['LogConfig', {Type: 'json-file', Config: {'max-size': '1m'}}, {Type: 'json-file', Config: {nonsense: '1'}}],
  ['LogConfig', {Type: 'none', Config: {}}, {Type: 'nonesuch', Config: {}}],
  ['GroupAdd', ['100'], 'x'],
  ['Sysctls', {'net.ipv4.ip_forward': '1'}, 'x'],
  ['Runtime', 'runc', 'nonesuch'],
  ['ReadonlyRootfs', true, 'x'],
  ['Privileged', true, 'x'],
  ['AutoRemove', true, 'x'],
  ['Init', false, 'x'],
  ['VolumesFrom', [], ['nonesuch']],
  ['ContainerIDFile', '', 5],
  ['CapAdd', ['ALL'], ['CAP_ALL']],
  ['KernelMemory', 50_000_000, 1000],
  ['CpuPercent', 50, 'x'],
  ['Binds', ['/tmp:/x:ro,z,rslave'], ['/tmp:/x:nocopy']],
  ['Binds', ['differential:/x:nocopy'], ['differential:/x:rslave']],
  ['StorageOpt', null, 'x'],
  ['MemorySwappiness', 60, 200],
  ['SecurityOpt', ['label=disable'], ['no-new-privileges=x']],
  ['SecurityOpt', ['apparmor=unconfined', 'seccomp={}'], ['credentialspec=x']],
  ['UsernsMode', 'host', 'x'],
  ['CgroupParent', '', 5],
];

/** Fields of the container's own configuration, in the same way. */
const configFields: [field: string, good: unknown, bad: unknown][] = [
  ['Hostname', 'some-host', 5],
  ['Domainname', 'example', 5],
  ['User', '1000:1000', 5],
  ['Env', ['A=1', 'B'], ['=x']],
  ['WorkingDir', '/somewhere', 'relative'],
  ['Labels', {a: 'b'}, ['x']],
  ['StopSignal', 'SIGUSR1', 'SIGNOPE'],
  ['StopTimeout', 5, 'x'],
  ['Tty', true, 'x'],
  ['OpenStdin', true, 'x'],
  ['ExposedPorts', {'80/tcp': {}}, {'nonsense/x': {}}],
  ['Volumes', {'/data': {}}, 'x'],
  ['Entrypoint', ['busybox', 'echo'], 5],
  ['Cmd', 'one', 5],
  ['Image', 'busybox', 'nonesuch:latest'],
  ['Image', 'busybox:latest', 'BAD NAME'],
  ['Healthcheck', {Test: ['CMD', 'true'], Interval: 1_000_000_000}, {Test: ['CMD', 'true'], Interval: 1}],
  ['Healthcheck', {Test: ['NONE']}, {Test: ['WHAT', 'x']}],
];

function oneFieldAtATime(): Step[] {
  let count = 0;
  const check = (kind: string, field: string, value: unknown, body: unknown): Step[] => {
    const name = `field${++count}`;
    const what = `${kind} ${field}=${JSON.stringify(value)}`;
    return [
      post(`/containers/create?name=${name}`, body, `create with ${what}`),
      get(`/containers/${name}/json`, `inspect with ${what}`),
      prepare(remove(`/containers/${name}?force=1&v=1`)),
    ];
  };
  const hosts = hostFields.flatMap(([field, good, bad]) =>
    [good, bad].flatMap(value => check('host', field, value, {...sleep, HostConfig: {[field]: value}})),
  );
  const configs = configFields.flatMap(([field, good, bad]) =>
    [good, bad].flatMap(value => check('config', field, value, {...sleep, [field]: value})),
  );
  return [...hosts, ...configs];
}

const lists: Step[] = [
  ...[
    {},
    {status: ['running']},
    {status: ['nonsense']},
    {id: ['x']},
    {name: ['other']},
    {label: ['a=b']},
    {exited: ['0']},
    {exited: ['x']},
    {ancestor: ['busybox']},
    {ancestor: ['nonesuch']},
    {volume: ['x']},
    {network: ['bridge']},
    {publish: ['80']},
    {publish: ['x/y']},
    {expose: ['80/tcp']},
    {health: ['none']},
    {health: ['nonsense']},
    {'is-task': ['true']},
    {before: ['other']},
    {before: ['nonesuch']},
    {since: ['other']},
    {nonsense: ['x']},
    'broken{',
    '[]',
  ].map(value => get(`/containers/json?all=1&filters=${filters(value)}`)),
  get('/containers/json?limit=1'),
  get('/containers/json?limit=x'),
  get('/containers/json?all=1&size=1'),
  ...[
    {},
    {dangling: ['true']},
    {dangling: ['perhaps']},
    {reference: ['busy*']},
    {label: ['x']},
    {before: ['busybox']},
    {before: ['nonesuch']},
    {since: ['busybox']},
    {nonsense: ['x']},
    'broken{',
  ].map(value => get(`/images/json?filters=${filters(value)}`)),
  ...[
    {},
    {driver: ['bridge']},
    {type: ['builtin']},
    {type: ['nonsense']},
    {name: ['bridge']},
    {id: ['x']},
    {label: ['x']},
    {scope: ['local']},
    {scope: ['nonsense']},
    {dangling: ['true']},
    {nonsense: ['x']},
    'broken{',
  ].map(value => get(`/networks?filters=${filters(value)}`)),
  ...[
    {},
    {dangling: ['true']},
    {dangling: ['perhaps']},
    {driver: ['local']},
    {label: ['x']},
    {name: ['x']},
    {nonsense: ['x']},
    'broken{',
  ].map(value => get(`/volumes?filters=${filters(value)}`)),
  ...[{}, {type: ['container']}, {event: ['start']}, {nonsense: ['x']}, 'broken{'].map(value =>
    get(`/events?since=1&until=2&filters=${filters(value)}`),
  ),
  get('/events?since=x&until=2'),
];

const images: Step[] = [
  get('/images/busybox/json'),
  get('/images/nonesuch/json'),
  get('/images/BAD%20NAME/json'),
  get('/images/busybox/history'),
  get('/images/nonesuch/history'),
  post('/images/busybox/tag?repo=copy&tag=1'),
  post('/images/busybox/tag?repo=BAD'),
  post('/images/busybox/tag?repo='),
  post('/images/nonesuch/tag?repo=copy'),
  remove('/images/copy:1'),
  remove('/images/copy:1', 'DELETE /images/copy:1 again'),
  remove('/images/nonesuch'),
  remove('/images/busybox', 'DELETE of an image in use'),
  get('/images/nonesuch/get'),
  get('/images/get?names=nonesuch'),
  post('/images/create'),
  post('/images/create?fromImage=BAD%20NAME'),
  post('/images/load', Buffer.alloc(1024, 'x')),
  {...post('/images/nonesuch/push'), headers: {'X-Registry-Auth': 'e30='}},
  post('/images/prune?filters=%7B%22nonsense%22%3A%5B%22x%22%5D%7D'),
  post('/commit?container=nonesuch'),
  post('/commit?container=other&repo=BAD'),
  post('/commit?container=other&repo=made&tag=1&comment=c&author=a'),
  get('/images/made:1/json'),
  get('/images/made:1/history'),
  remove('/images/made:1'),
  get('/distribution/BAD%20NAME/json'),
];

const networks: Step[] = [
  post('/networks/create', {}),
  post('/networks/create', '{'),
  post('/networks/create', {Name: ''}, 'network without a name'),
  post('/networks/create', {Name: 'bridge'}, 'network of a reserved name'),
  post('/networks/create', {Name: 'net1', CheckDuplicate: true}, 'network'),
  post('/networks/create', {Name: 'net1', CheckDuplicate: true}, 'network again'),
  post('/networks/create', {Name: 'net2', Driver: 'nonesuch'}, 'network of a driver that is not there'),
  post(
    '/networks/create',
    {Name: 'net3', IPAM: {Config: [{Subnet: '10.77.0.0/24', Gateway: '10.77.0.1'}]}},
    'network with a subnet',
  ),
  post('/networks/create', {Name: 'net4', IPAM: {Config: [{Subnet: '10.77.0.0/25'}]}}, 'network that overlaps'),
  post('/networks/create', {Name: 'net5', IPAM: {Config: [{Subnet: 'nonsense'}]}}, 'network with a bad subnet'),
  post(
    '/networks/create',
    {Name: 'net6', Internal: true, Labels: {a: 'b'}, Options: {'com.docker.network.bridge.name': 'br-x'}},
    'internal network',
  ),
  get('/networks/net1'),
  get('/networks/net3'),
  get('/networks/net6?verbose=1'),
  get('/networks/bridge'),
  get('/networks/host'),
  get('/networks/none'),
  get('/networks/nonesuch'),
  post('/networks/net1/connect', {Container: 'other'}),
  post('/networks/net1/connect', {Container: 'other'}, 'connect again'),
  post('/networks/net1/connect', {Container: 'nonesuch'}, 'connect of nobody'),
  post('/networks/net1/connect', '{', 'connect by broken JSON'),
  post(
    '/networks/net3/connect',
    {Container: 'other', EndpointConfig: {IPAMConfig: {IPv4Address: '10.77.0.9'}, Aliases: ['x']}},
    'connect with an address',
  ),
  post(
    '/networks/net3/connect',
    {Container: 'stopped', EndpointConfig: {IPAMConfig: {IPv4Address: '1.2.3.4'}}},
    'connect with a foreign address',
  ),
  post('/networks/host/connect', {Container: 'other'}, 'connect to the host'),
  get('/containers/other/json', 'inspect of a connected container'),
  remove('/networks/net1', 'removal of a network in use'),
  post('/networks/net1/disconnect', {Container: 'other'}),
  post('/networks/net1/disconnect', {Container: 'other'}, 'disconnect again'),
  post('/networks/net3/disconnect', {Container: 'other', Force: true}, 'disconnect by force'),
  post('/networks/nonesuch/disconnect', {Container: 'other'}),
  ...['net1', 'net3', 'net6', 'bridge', 'host', 'nonesuch'].map(name =>
    remove(`/networks/${name}`, `removal of ${name}`),
  ),
  post('/networks/prune'),
];

const volumes: Step[] = [
  post('/volumes/create', {}, 'volume without a name'),
  post('/volumes/create', {Name: 'vol1', Labels: {a: 'b'}}, 'volume'),
  post('/volumes/create', {Name: 'vol1'}, 'volume again'),
  post('/volumes/create', {Name: 'b/ad'}, 'volume of a bad name'),
  post('/volumes/create', {Name: 'vol2', Driver: 'nonesuch'}, 'volume of a driver that is not there'),
  post('/volumes/create', {Name: 'vol3', DriverOpts: {nonsense: '1'}}, 'volume of a bad option'),
  post(
    '/volumes/create',
    {Name: 'vol4', DriverOpts: {type: 'tmpfs', device: 'tmpfs', o: 'size=1m'}},
    'volume of tmpfs',
  ),
  post('/volumes/create', '{', 'volume by broken JSON'),
  get('/volumes/vol1'),
  get('/volumes/vol4'),
  get('/volumes/nonesuch'),
  prepare(createNamed('user', {...sleep, HostConfig: {Binds: ['vol1:/data']}})),
  remove('/volumes/vol1', 'removal of a volume in use'),
  prepare(remove('/containers/user?force=1')),
  remove('/volumes/vol1'),
  remove('/volumes/vol1', 'removal again'),
  remove('/volumes/vol4?force=1'),
  remove('/volumes/nonesuch?force=1'),
  post('/volumes/prune'),
];

const system: Step[] = [
  get('/_ping'),
  {name: 'HEAD /_ping', method: 'HEAD', path: '/_ping'},
  get('/version'),
  get('/info'),
  get('/system/df'),
  get('/nonsense'),
  post('/containers/json'),
  get('/containers/create'),
  {name: 'PUT /info', method: 'PUT', path: '/info'},
  post('/containers/create', undefined, 'create without a body'),
  post('/containers/create', '{', 'create by broken JSON'),
  post('/containers/create', '[]', 'create by a list'),
  post('/containers/create', '"x"', 'create by a text'),
  post('/containers/create', {}, 'create of nothing'),
  post('/containers/create', {Image: ''}, 'create without an image'),
  post('/containers/create?name=b%2Fad', sleep, 'create with a bad name'),
  post('/containers/create?name=x', sleep, 'create with a short name'),
  post('/containers/create?name=other', sleep, 'create with a name in use'),
  post('/containers/create?platform=nonsense', sleep, 'create for a bad platform'),
  {
    name: 'create as text',
    method: 'POST',
    path: '/containers/create',
    body: JSON.stringify(sleep),
    headers: {'Content-Type': 'text/plain'},
  },
  post('/auth', {}),
  post('/auth', '{', 'auth by broken JSON'),
  get('/exec/nonesuch/json'),
  post('/exec/nonesuch/resize?h=1&w=1'),
  post('/containers/prune?filters=broken'),
  post('/containers/prune?filters=%7B%22nonsense%22%3A%5B%22x%22%5D%7D'),
  post('/containers/prune?filters=%7B%22until%22%3A%5B%22x%22%5D%7D'),
  get('/swarm'),
  get('/nodes'),
  get('/services'),
  get('/plugins'),
];

/** All of them, between a common beginning and end. */
export const steps: Step[] = [
  prepare(createNamed('other', sleep)),
  prepare(post('/containers/other/start')),
  prepare(createNamed('stopped', sleep)),
  ...inEveryState(),
  ...oneFieldAtATime(),
  ...lists,
  ...images,
  ...networks,
  ...volumes,
  ...system,
  prepare(remove('/containers/other?force=1')),
  prepare(remove('/containers/stopped?force=1')),
];
