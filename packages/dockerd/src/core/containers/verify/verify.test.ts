/** Requests that the original refuses or corrects, with its words. */
import test from 'ava';
import {mergeConfig} from '../../../config/config.ts';
import type {CgroupFacts, HostFacts} from '../../system/host-facts.ts';
import {applyHostDefaults} from '../defaults.ts';
import {containerConfig} from '../documents/container-config.ts';
import {hostConfig, mountRequest} from '../documents/host-config.ts';
import {parseBind} from '../mounts/parse-bind.ts';
import {parseMount} from '../mounts/parse-mount.ts';
import {checkName} from '../names.ts';
import {verifyConfig} from './config.ts';
import {verifyHostConfig, verifyRemapped} from './host.ts';
import {verifyLimits} from './limits.ts';

const cgroup: CgroupFacts = {
  version: 1,
  memoryLimit: true,
  swapLimit: true,
  memoryReservation: true,
  memorySwappiness: true,
  oomKillDisable: true,
  kernelMemory: true,
  kernelMemoryTcp: true,
  cpuShares: true,
  cpuCfs: true,
  cpuRealtime: false,
  cpuset: true,
  cpusetCpus: '0-1',
  cpusetMems: '0',
  pids: true,
  blkioWeight: false,
  blkioWeightDevice: false,
  blkioReadBps: true,
  blkioWriteBps: true,
  blkioReadIops: true,
  blkioWriteIops: true,
};

function host(text: string) {
  const value = hostConfig.decode(JSON.parse(text), '');
  return {...value, LogConfig: {...value.LogConfig, Type: value.LogConfig.Type || 'json-file'}};
}

const refusedHosts: [string, string][] = [
  ['{"IpcMode":"bogus"}', 'invalid IPC mode: bogus'],
  ['{"PidMode":"bogus"}', 'invalid PID mode: bogus'],
  ['{"UTSMode":"bogus"}', 'invalid UTS mode: bogus'],
  ['{"CgroupnsMode":"bogus"}', 'invalid cgroup namespace mode: bogus'],
  ['{"RestartPolicy":{"Name":"always"},"AutoRemove":true}', `can't create 'AutoRemove' container with restart policy`],
  ['{"CapAdd":["CAP_ALL"]}', 'invalid CapAdd: unknown capability: "CAP_ALL"'],
  ['{"CapAdd":["BOGUS"]}', 'invalid CapAdd: unknown capability: "CAP_BOGUS"'],
  ['{"SecurityOpt":["bogus"]}', 'invalid --security-opt 1: "bogus"'],
  ['{"ExtraHosts":["bad"]}', 'bad format for add-host: "bad"'],
  ['{"PortBindings":{"80/tcp":[{"HostPort":"99999"}]}}', 'invalid port specification: "99999"'],
  ['{"OomScoreAdj":5000}', 'Invalid value 5000, range for oom score adj is [-1000, 1000]'],
  ['{"ShmSize":-1}', 'SHM size can not be less than 0'],
  ['{"Runtime":"bogus"}', 'unknown or invalid runtime name: bogus'],
  ['{"LogConfig":{"Type":"bogus"}}', 'error looking up logging plugin bogus: plugin "bogus" not found'],
  ['{"LogConfig":{"Type":"json-file","Config":{"bogus":"1"}}}', `unknown log opt 'bogus' for json-file log driver`],
  ['{"LogConfig":{"Type":"awslogs"}}', 'logging driver "awslogs" is not supported'],
  ['{"StorageOpt":{"inodes":"1G"}}', 'unknown option inodes'],
  ['{"StorageOpt":{"size":"much"}}', "invalid size: 'much'"],
  ['{"IOMaximumIOps":1}', 'invalid QoS settings: linux does not support configuration of maximum IOPs'],
  ['{"IOMaximumBandwidth":1}', 'invalid QoS settings: linux does not support configuration of maximum bandwidth'],
  ['{"Annotations":{"":"x"}}', 'invalid Annotations: the empty string is not permitted as an annotation key'],
  ['{"Isolation":"hyperv"}', `Invalid isolation: "hyperv" - linux only supports 'default'`],
];
for (const [text, message] of refusedHosts) {
  test(`refused: ${text}`, t => {
    const check = () => verifyHostConfig(host(text), ['runc']);
    t.is(t.throws(check).message, message);
  });
}

test('remapped containers share neither network nor processes with the machine', t => {
  for (const text of ['{"Privileged":true}', '{"NetworkMode":"host"}', '{"PidMode":"host"}']) {
    t.throws(() => verifyRemapped(host(text)), {code: 'invalid-argument'});
    t.notThrows(() => verifyRemapped({...host(text), UsernsMode: 'host'}));
  }
  t.notThrows(() => verifyRemapped(host('{"UTSMode":"host","IpcMode":"host"}')));
});

const refusedLimits: [string, string][] = [
  ['{"Memory":1000}', 'Minimum memory limit allowed is 6MB'],
  ['{"Memory":8388608,"MemorySwap":6291456}', 'Minimum memoryswap limit should be larger than memory limit, see usage'],
  ['{"MemorySwap":8388608}', 'You should always set the Memory limit when using Memoryswap limit, see usage'],
  [
    '{"Memory":8388608,"MemoryReservation":10388608}',
    'Minimum memory limit can not be less than memory reservation limit, see usage',
  ],
  ['{"NanoCpus":100000000000000}', 'range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available'],
  ['{"NanoCpus":100,"CpuPeriod":1000}', 'Conflicting options: Nano CPUs and CPU Period cannot both be set'],
  ['{"CpuPeriod":10}', 'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)'],
  ['{"CpuQuota":10}', 'CPU cfs quota can not be less than 1ms (i.e. 1000)'],
  ['{"CpusetCpus":"99"}', 'Requested CPUs are not available - requested 99, available: 0-1'],
  ['{"CpusetCpus":"a"}', 'Invalid value a for cpuset cpus: invalid format: a'],
];
for (const [text, message] of refusedLimits) {
  test(`refused: ${text}`, t => {
    t.is(t.throws(() => verifyLimits(host(text), {cgroup, cpus: 2}, false)).message, message);
  });
}

test('a limit that the kernel lacks is dropped, and said', t => {
  const limits = host('{"BlkioWeight":500}');
  t.deepEqual(verifyLimits(limits, {cgroup, cpus: 2}, false), [
    'Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.',
  ]);
  t.is(limits.BlkioWeight, 0);
});

test('what is out of date or of another system is said', t => {
  const limits = host('{"KernelMemory":50000000,"CpuPercent":50}');
  t.deepEqual(verifyLimits(limits, {cgroup: {...cgroup, kernelMemory: true}, cpus: 2}, false), [
    'Specifying a kernel memory limit is deprecated and will be removed in a future release.',
    'linux does not support CPU percent. Percent discarded.',
  ]);
  t.is(limits.CpuPercent, 0);
});

test('defaults: what was not given stays so, and who sees the machine has no label', t => {
  const config = mergeConfig({}, {});
  const facts = {kernelVersion: '6.1.0', architecture: 'amd64', cpus: 2, cgroup} as HostFacts;
  const fill = (text: string) => applyHostDefaults(host(text), config, facts);
  t.like(fill('{}'), {PortBindings: null, BlkioWeightDevice: null, SecurityOpt: null});
  const disabled = ['{"Privileged":true}', '{"PidMode":"host"}', '{"IpcMode":"host"}'];
  for (const text of disabled) t.deepEqual(fill(text).SecurityOpt, ['label=disable'], text);
  const own = fill('{"Privileged":true,"SecurityOpt":["label=type:x"]}');
  t.deepEqual(own.SecurityOpt, ['label=type:x']);
  t.deepEqual(fill('{"Privileged":true,"SecurityOpt":["seccomp=unconfined"]}').SecurityOpt, [
    'seccomp=unconfined',
    'label=disable',
  ]);
});

const refusedConfigs: [string, string][] = [
  ['{"WorkingDir":"relative"}', `the working directory 'relative' is invalid, it needs to be an absolute path`],
  ['{"Env":["=x"]}', 'invalid environment variable: =x'],
  ['{"StopSignal":"BOGUS"}', 'invalid signal: BOGUS'],
  ['{"Healthcheck":{"Test":["CMD","true"],"Interval":1000}}', 'Interval in Healthcheck cannot be less than 1ms'],
  ['{"Healthcheck":{"Test":["CMD","true"],"Retries":-1}}', 'Retries in Healthcheck cannot be negative'],
];
for (const [text, message] of refusedConfigs) {
  test(`refused: ${text}`, t => {
    t.is(t.throws(() => verifyConfig(containerConfig.decode(JSON.parse(text), ''))).message, message);
  });
}

const refusedBinds: [string, string][] = [
  ['a:b:c:d', `invalid volume specification: 'a:b:c:d'`],
  ['/ref/src:/x:bogus', 'invalid mode: bogus'],
  [
    '/ref/src:/',
    `invalid volume specification: '/ref/src:/': invalid mount config for type "bind": invalid specification: destination can't be '/'`,
  ],
  ['/src:/x:ro,rw', 'invalid mode: ro,rw'],
  [
    '/tmp:/x:nocopy',
    `invalid volume specification: '/tmp:/x:nocopy': invalid mount config for type "bind": field VolumeOptions must not be specified`,
  ],
  [
    'data:/x:shared',
    `invalid volume specification: 'data:/x:shared': invalid mount config for type "volume": field BindOptions must not be specified`,
  ],
];
for (const [text, message] of refusedBinds) {
  test(`refused bind: ${text}`, t => {
    t.is(t.throws(() => parseBind(text)).message, message);
  });
}

test('what binds mean', t => {
  t.like(parseBind('data1:/data'), {type: 'volume', source: 'data1', mode: 'z', propagation: '', readOnly: false});
  t.like(parseBind('/src/:/x/:ro'), {
    type: 'bind',
    source: '/src/',
    destination: '/x',
    mode: 'ro',
    propagation: 'rprivate',
    readOnly: true,
  });
  t.like(parseBind('/data'), {type: 'volume', source: '', destination: '/data', mode: ''});
  t.like(parseBind('/data:ro'), {type: 'volume', source: '', destination: '/data', readOnly: true});
  t.like(parseBind('/a:/b:rslave'), {type: 'bind', propagation: 'rslave'});
});

const refusedMounts: [string, string][] = [
  ['{"Type":"bogus","Target":"/x"}', 'invalid mount config for type "bogus": mount type unknown'],
  [
    '{"Type":"volume","Source":"v","Target":""}',
    'invalid mount config for type "volume": field Target must not be empty',
  ],
  [
    '{"Type":"tmpfs","Source":"x","Target":"/x"}',
    'invalid mount config for type "tmpfs": field Source must not be specified',
  ],
  [
    '{"Type":"bind","Source":"rel","Target":"/x"}',
    `invalid mount config for type "bind": invalid mount path: 'rel' mount path must be absolute`,
  ],
];
for (const [text, message] of refusedMounts) {
  test(`refused mount: ${text}`, t => {
    t.is(t.throws(() => parseMount(mountRequest.decode(JSON.parse(text), ''))).message, message);
  });
}

test('names', t => {
  t.is(checkName('web-1_a.b'), '/web-1_a.b');
  for (const name of ['a', '-bad', 'bad/name', '', 'ä1']) {
    t.is(
      t.throws(() => checkName(name)).message,
      `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    );
  }
});
