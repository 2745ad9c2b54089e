import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {cgroupFromDirectories, KeptFiles, parseProcCgroup} from '../index.ts';
import {tempDir} from '../test-support.ts';
import {directoryIn} from './hierarchy.ts';
import {weightOfShares} from './resources.ts';
import {parseBlkio} from './statistics-v1.ts';

/** A directory that looks like a cgroup of v2: this machine's own has no controllers there. */
function fixture(t: ExecutionContext, files: Record<string, string>): string {
  const directory = tempDir(t);
  for (const [name, content] of Object.entries(files)) writeFileSync(`${directory}/${name}`, content);
  return directory;
}

test('/proc/PID/cgroup is parsed for every kind of hierarchy', t => {
  const paths = parseProcCgroup('12:cpu,cpuacct:/a\n4:name=systemd:/b:c\n0::/d (deleted)\n');
  t.deepEqual(Object.fromEntries(paths), {cpu: '/a', cpuacct: '/a', 'name=systemd': '/b:c', '': '/d'});
});

test('the directory of a path is found below what is mounted, and nowhere else', t => {
  t.is(directoryIn({mountPoint: '/sys/fs/cgroup/cpu', root: '/'}, '/a/b'), '/sys/fs/cgroup/cpu/a/b');
  t.is(directoryIn({mountPoint: '/sys/fs/cgroup', root: '/'}, '/'), '/sys/fs/cgroup');
  t.is(directoryIn({mountPoint: '/cg', root: '/docker/x'}, '/docker/x/y'), '/cg/y');
  t.is(directoryIn({mountPoint: '/cg', root: '/docker/x'}, '/docker/xy'), '/cg/docker/xy');
  for (const path of ['a', '/a/../b', ''])
    t.throws(() => directoryIn({mountPoint: '/cg', root: '/'}, path), {code: 'invalid-argument'});
});

test('blkio lines are read with their devices, totals left out', t => {
  const entries = parseBlkio('8:16 Read 4096\n8:16 Total 8192\n253:0 77\nTotal 8192\n');
  t.deepEqual(
    entries.map(({op, major, minor, value}) => [op, major, minor, value]),
    [
      ['Read', 8n, 16n, 4096n],
      ['Total', 8n, 16n, 8192n],
      ['', 253n, 0n, 77n],
    ],
  );
});

test('a v2 cgroup is read in full', t => {
  const directory = fixture(t, {
    'cpu.stat': 'usage_usec 300\nuser_usec 200\nsystem_usec 100\nnr_periods 5\nnr_throttled 2\nthrottled_usec 70\n',
    'cpu.pressure':
      'some avg10=1.50 avg60=0.25 avg300=0.00 total=12345\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n',
    'memory.stat': 'anon 10\nfile 20\nworkingset_refault_anon 3\nworkingset_refault_file 4\npgfault 9\n',
    'memory.current': '4096\n',
    'memory.max': 'max\n',
    'memory.peak': '8192\n',
    'memory.swap.current': '5\n',
    'memory.swap.max': '100\n',
    'memory.events': 'low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n',
    'pids.current': '7\n',
    'pids.max': 'max\n',
    'io.stat': '8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n8:16 \n',
    'hugetlb.2MB.current': '2097152\n',
    'hugetlb.2MB.max': 'max\n',
    'hugetlb.2MB.events': 'max 3\n',
  });
  const all = 2n ** 64n - 1n;
  const statistics = cgroupFromDirectories({'': directory}).statistics();
  if (statistics.version !== 2) return t.fail();
  t.like(statistics.cpu, {
    usageUsec: 300n,
    userUsec: 200n,
    systemUsec: 100n,
    nrPeriods: 5n,
    nrThrottled: 2n,
    throttledUsec: 70n,
  });
  t.deepEqual(statistics.cpu!.psi!.some, {avg10: 1.5, avg60: 0.25, avg300: 0, total: 12345n});
  t.like(statistics.memory, {
    anon: 10n,
    file: 20n,
    workingsetRefault: 7n,
    pgfault: 9n,
    usage: 4096n,
    usageLimit: all,
    maxUsage: 8192n,
    swapUsage: 5n,
    swapLimit: 100n,
  });
  t.deepEqual(statistics.memoryEvents, {low: 1n, high: 2n, max: 3n, oom: 4n, oomKill: 5n, oomGroupKill: 6n});
  t.deepEqual(statistics.pids, {current: 7n, limit: all});
  t.deepEqual(statistics.io!.usage, [
    {major: 8n, minor: 0n, rbytes: 1n, wbytes: 2n, rios: 3n, wios: 4n},
    {major: 8n, minor: 16n, rbytes: 0n, wbytes: 0n, rios: 0n, wios: 0n},
  ]);
  t.deepEqual(statistics.hugetlb, [{pagesize: '2MB', current: 2_097_152n, max: all, failcnt: 3n}]);
});

test('files that stay open give the numbers of now, and none of a file that is gone', t => {
  const directory = fixture(t, {'memory.current': '4096\n', 'memory.stat': 'anon 10\n', 'pids.current': '7\n'});
  const cgroup = cgroupFromDirectories({'': directory});
  using files = new KeptFiles();
  t.deepEqual(cgroup.statistics('main', files), cgroup.statistics('main'));
  const {count} = files;
  t.true(count >= 3);
  writeFileSync(`${directory}/pids.current`, '12\n');
  writeFileSync(`${directory}/memory.stat`, `anon 11\n${'x'.repeat(20_000)} 1\nfile 5\n`);
  const later = cgroup.statistics('main', files);
  t.deepEqual(later, cgroup.statistics('main'));
  t.like(later.version === 2 && later.memory, {anon: 11n, file: 5n});
  t.is(later.pids?.current, 12n);
  t.is(files.count, count);
  files[Symbol.dispose]();
  t.is(files.count, 0);
});

test('a file that stays open does not answer for a process that is gone', async t => {
  using files = new KeptFiles();
  const child = spawn('sleep', ['60'], {stdio: 'ignore'});
  const path = `/proc/${child.pid}/comm`;
  t.true((files.read(path) ?? '').length > 0);
  child.kill('SIGKILL');
  await once(child, 'exit');
  t.is(files.read(path), undefined);
  t.is(files.read('/proc/self/not-there'), undefined);
});

test('a cgroup that is gone has no numbers', t => {
  const directory = `${tempDir(t)}/gone`;
  t.deepEqual(cgroupFromDirectories({'': directory}).statistics(), {version: 2, hugetlb: []});
  const v1 = cgroupFromDirectories({
    memory: directory,
    cpu: directory,
    cpuacct: directory,
    pids: directory,
    blkio: directory,
  });
  t.deepEqual(v1.statistics(), {version: 1, hugetlb: []});
});

test('v2 limits are written in v2’s terms', t => {
  const names = [
    'memory.max',
    'memory.swap.max',
    'memory.low',
    'cpu.weight',
    'cpu.max',
    'cpuset.cpus',
    'pids.max',
    'io.weight',
    'io.max',
    'memory.high',
  ];
  const directory = fixture(t, Object.fromEntries(names.map(name => [name, ''])));
  const cgroup = cgroupFromDirectories({'': directory});
  cgroup.update({
    memory: {limit: 1000, swap: 1500, reservation: 500},
    cpu: {shares: 1024, quota: 50_000, period: 100_000, cpus: '0-1'},
    pids: {limit: -1},
    blockIO: {weight: 1000, throttleReadBpsDevice: [{major: 8, minor: 0, rate: 1_048_576}]},
    unified: {'memory.high': '900'},
  });
  const written = Object.fromEntries(names.map(name => [name, readFileSync(`${directory}/${name}`, 'utf8')]));
  t.deepEqual(written, {
    'memory.max': '1000',
    'memory.swap.max': '500',
    'memory.low': '500',
    'cpu.weight': '39',
    'cpu.max': '50000 100000',
    'cpuset.cpus': '0-1',
    'pids.max': 'max',
    'io.weight': '10000',
    'io.max': '8:0 rbps=1048576',
    'memory.high': '900',
  });
  t.throws(() => cgroup.update({memory: {swappiness: 10}}), {code: 'unimplemented'});
  t.throws(() => cgroup.update({memory: {swap: 100}}), {code: 'invalid-argument'});
  t.throws(() => cgroup.update({cpu: {burst: 5}}), {code: 'unimplemented', message: /cpu\.max\.burst/});
  t.throws(() => cgroup.update({unified: {'../x': '1'}}), {code: 'invalid-argument'});
  t.throws(() => cgroup.update({hugepageLimits: [{pageSize: '../2MB', limit: 1}]}), {code: 'invalid-argument'});
});

test('a limit below the present use is refused when asked to check', t => {
  const directory = fixture(t, {'memory.current': '5000\n', 'memory.max': ''});
  const update = () => cgroupFromDirectories({'': directory}).update({memory: {limit: 4000, checkBeforeUpdate: true}});
  t.throws(update, {code: 'failed-precondition'});
  t.is(readFileSync(`${directory}/memory.max`, 'utf8'), '');
});

test('shares map to weights as in runc and crun', t => {
  t.deepEqual([2, 1024, 262_144, 1, 999_999].map(weightOfShares), [1, 39, 10_000, 1, 10_000]);
});

test('a missing controller is named', t => {
  const directory = tempDir(t);
  mkdirSync(`${directory}/c`);
  t.throws(() => cgroupFromDirectories({memory: `${directory}/c`}).update({pids: {limit: 5}}), {
    code: 'unimplemented',
    message: /pids/,
  });
});
