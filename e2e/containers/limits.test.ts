/** Limits, looked up in the cgroup of the container (version 1) and inside of it, at its start and after an update. */
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import anyTest from 'ava';
import {sharedEngine} from '../harness/shared-engine.ts';

const test = existsSync('/sys/fs/cgroup/memory/memory.limit_in_bytes') ? anyTest : anyTest.skip;
const engine = sharedEngine(anyTest);
const docker = (...args: string[]) => engine().dockerOk(...args);
const sh = (script: string) => ['busybox', 'sh', '-c', script];
const mib = 1024 * 1024;

/** Files of the container's cgroups, as `controller/file`. */
function cgroup(id: string, ...files: string[]): string[] {
  return files.map(path => {
    const [controller = '', file = ''] = path.split('/');
    return readFileSync(join('/sys/fs/cgroup', controller, engine().paths.cgroupParent, id, file), 'utf8').trim();
  });
}

const memoryFiles = ['limit_in_bytes', 'memsw.limit_in_bytes', 'soft_limit_in_bytes', 'swappiness'];
const memory = (id: string) => cgroup(id, ...memoryFiles.map(file => `memory/memory.${file}`));
const cpuFiles = [
  'cpu/cpu.shares',
  'cpu/cpu.cfs_period_us',
  'cpu/cpu.cfs_quota_us',
  'cpuset/cpuset.cpus',
  'pids/pids.max',
];

test('of a start, and all of them changed by an update', async t => {
  const flags = ['-m', '64m', '--memory-swap', '128m', '--memory-reservation', '32m', '--memory-swappiness', '10'];
  flags.push('--cpu-shares', '512', '--cpu-period', '50000', '--cpu-quota', '25000', '--cpuset-cpus', '0');
  flags.push('--pids-limit', '50', '--oom-kill-disable');
  const id = await docker('run', '-d', '--name', 'limits', ...flags, 'busybox', 'sleep', '600');
  t.deepEqual(memory(id), [64, 128, 32].map(size => String(size * mib)).concat('10'));
  t.deepEqual(cgroup(id, ...cpuFiles), ['512', '50000', '25000', '0', '50']);
  t.regex(cgroup(id, 'memory/memory.oom_control')[0] ?? '', /oom_kill_disable 1/);

  const more = ['-m', '80m', '--memory-swap', '160m', '--memory-reservation', '40m', '--cpu-shares', '256'];
  more.push('--cpu-period', '100000', '--cpu-quota', '20000', '--cpuset-cpus', '0-1', '--pids-limit', '70');
  await docker('update', ...more, '--restart', 'on-failure:3', 'limits');
  t.deepEqual(
    memory(id).slice(0, 3),
    [80, 160, 40].map(size => String(size * mib)),
  );
  t.deepEqual(cgroup(id, ...cpuFiles), ['256', '100000', '20000', '0-1', '70']);
  const {HostConfig: host} = JSON.parse(await docker('inspect', '-f', '{{json .}}', 'limits'));
  t.like(host, {Memory: 80 * mib, CpuQuota: 20_000, PidsLimit: 70});
  t.deepEqual(host.RestartPolicy, {Name: 'on-failure', MaximumRetryCount: 3});
  await docker('update', '--pids-limit', '-1', 'limits');
  t.deepEqual(cgroup(id, 'pids/pids.max'), ['max']);
  const refused = await engine().docker('update', '--cpus', '1', 'limits');
  t.regex(refused.stderr, /Conflicting options: Nano CPUs cannot be updated as CPU Period has already been set/);
  const above = await engine().docker('update', '-m', '200m', 'limits');
  t.regex(above.stderr, /Memory limit should be smaller than already set memoryswap limit/);
  await docker('rm', '-f', 'limits');
});

test('--cpus, and an update of a container that does not run', async t => {
  await docker('create', '--name', 'cpus', '--cpus', '0.5', 'busybox', 'sleep', '600');
  await docker('update', '--cpus', '0.25', '-m', '32m', '--memory-swap', '-1', 'cpus');
  await docker('start', 'cpus');
  const id = await docker('inspect', '-f', '{{.Id}}', 'cpus');
  t.deepEqual(cgroup(id, 'cpu/cpu.cfs_period_us', 'cpu/cpu.cfs_quota_us'), ['100000', '25000']);
  t.is(memory(id)[0], String(32 * mib));
  await docker('rm', '-f', 'cpus');
});

test('block devices: rates of reading and writing', async t => {
  const rates = ['--device-read-bps', '/dev/loop0:1mb', '--device-write-bps', '/dev/loop0:2mb'];
  rates.push('--device-read-iops', '/dev/loop0:100', '--device-write-iops', '/dev/loop0:200');
  const id = await docker('run', '-d', '--name', 'blkio', ...rates, 'busybox', 'sleep', '600');
  const files = ['read_bps', 'write_bps', 'read_iops', 'write_iops'].map(name => `blkio/blkio.throttle.${name}_device`);
  t.deepEqual(cgroup(id, ...files), [`7:0 ${mib}`, `7:0 ${2 * mib}`, '7:0 100', '7:0 200']);
  await docker('rm', '-f', 'blkio');
  const bad = await engine().docker('run', '--rm', '--device-read-bps', '/dev/nosuch:1mb', 'busybox', 'true');
  t.not(bad.exitCode, 0);
});

test('a process that takes too much memory: 137 and OOMKilled', async t => {
  const run = await engine().docker(
    'run',
    '--name',
    'oom',
    '-m',
    '16m',
    '--memory-swap',
    '16m',
    ...sh('x=a; while :; do x=$x$x; done'),
  );
  t.is(run.exitCode, 137);
  t.is(await docker('inspect', '-f', '{{.State.OOMKilled}}', 'oom'), 'true');
  await docker('rm', 'oom');
});

test('what the process itself sees: ulimits, shm, oom score, sysctls', async t => {
  const flags = ['--ulimit', 'nofile=100:200', '--ulimit', 'core=0', '--shm-size', '8m', '--oom-score-adj', '500'];
  flags.push('--sysctl', 'net.core.somaxconn=77');
  const script =
    'ulimit -n; ulimit -Hn; df -k /dev/shm | tail -1; cat /proc/self/oom_score_adj /proc/sys/net/core/somaxconn';
  const lines = (await docker('run', '--rm', ...flags, ...sh(script))).split('\n');
  t.deepEqual([lines[0], lines[1], lines[3], lines[4]], ['100', '200', '500', '77']);
  t.regex(lines[2] ?? '', / 8192 /);
  const none = await docker('run', '--rm', '--ulimit', 'cpu=-1:-1', ...sh('ulimit -t'));
  t.is(none, 'unlimited');
});

test('warnings for what this kernel cannot do', async t => {
  const weight = await engine().docker('create', '--blkio-weight', '300', 'busybox', 'true');
  const hasWeight = existsSync('/sys/fs/cgroup/blkio/blkio.weight');
  t.is(/Your kernel does not support Block I\/O weight/.test(weight.stderr), !hasWeight);
});
