import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {parseList, parseNumber} from './files.ts';
import {statisticsV1} from './v1.ts';
import {statisticsV2} from './v2.ts';

function tree(t: ExecutionContext, files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'statistics-'));
  t.teardown(() => rmSync(root, {recursive: true}));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), {recursive: true});
    writeFileSync(join(root, path), content);
  }
  return root;
}

test('numbers and lists of the kernel', t => {
  t.is(parseNumber('9223372036854771712'), 9223372036854771712n);
  t.is(parseNumber('max'), 2n ** 64n - 1n);
  t.is(parseNumber(''), 0n);
  t.deepEqual(parseList('0-2,7'), [0, 1, 2, 7]);
  t.deepEqual(parseList(''), []);
});

test('v1: times in nanoseconds, devices by number, no sum over all devices', t => {
  const root = tree(t, {
    'cpuacct/cpuacct.usage': '7494319\n',
    'cpuacct/cpuacct.usage_percpu': '5913110 1581209 \n',
    'cpuacct/cpuacct.usage_all': 'cpu user system\n0 0 4000000\n1 5 0\n',
    'cpuacct/cpuacct.stat': 'user 2\nsystem 3\n',
    'cpu/cpu.stat': 'nr_periods 4\nnr_throttled 0\nthrottled_time 9\n',
    'blkio/blkio.throttle.io_service_bytes_recursive': '8:0 Read 4096\n8:0 Write 0\nTotal 4096\n',
    'pids/pids.current': '3\n',
    'pids/pids.max': '100\n',
  });
  const at = (name: string) => join(root, name);
  const statistics = statisticsV1({cpuacct: at('cpuacct'), cpu: at('cpu'), blkio: at('blkio'), pids: at('pids')});
  t.deepEqual(statistics.cpu, {
    usage: {
      total: 7494319n,
      percpu: [5913110n, 1581209n],
      percpu_kernel: [4000000n, 0n],
      percpu_user: [0n, 5n],
      kernel: 30_000_000n,
      user: 20_000_000n,
    },
    throttling: {periods: 4n, throttledTime: 9n},
  });
  t.deepEqual(statistics.blkio, {
    ioServiceBytesRecursive: [
      {major: 8, op: 'Read', value: 4096n},
      {major: 8, op: 'Write'},
    ],
  });
  t.deepEqual(statistics.pids, {current: 3n, limit: 100n});
});

test('v2: swap counts memory too, and no limit is no limit', t => {
  const files = {
    'cpu.stat': 'usage_usec 10\nuser_usec 6\nsystem_usec 4\nnr_periods 1\nnr_throttled 1\nthrottled_usec 2\n',
    'memory.stat': 'anon 5\nfile 7\n',
    'memory.current': '100\n',
    'memory.max': '1000\n',
    'memory.peak': '200\n',
    'memory.events': 'low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\n',
    'memory.swap.current': '10\n',
    'memory.swap.max': '500\n',
    'pids.current': '2\n',
    'pids.max': 'max\n',
    'io.stat': '8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0\n',
    'memory.pressure':
      'some avg10=0.50 avg60=0.10 avg300=0.00 total=77\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=5\n',
  };
  const statistics = statisticsV2(tree(t, files)) as Record<string, Record<string, unknown>>;
  t.deepEqual(statistics.cpu, {
    usage: {total: 10_000n, kernel: 4000n, user: 6000n},
    throttling: {periods: 1n, throttledPeriods: 1n, throttledTime: 2000n},
  });
  const {memory, pids, blkio} = statistics;
  t.is(memory?.cache, 7n);
  t.deepEqual(memory?.usage, {limit: 1000n, usage: 100n, max: 200n, failcnt: 3n});
  t.deepEqual(memory?.swap, {limit: 1500n, usage: 110n, failcnt: 0n});
  t.deepEqual(memory?.raw, {anon: 5n, file: 7n});
  t.like(memory?.psi, {some: {avg10: 0.5, avg60: 0.1, avg300: 0, total: 77}, full: {total: 5}});
  t.deepEqual(pids, {current: 2n});
  t.deepEqual(blkio, {
    ioServiceBytesRecursive: [
      {major: 8, op: 'Read', value: 4096n},
      {major: 8, op: 'Write'},
    ],
    ioServicedRecursive: [
      {major: 8, op: 'Read', value: 1n},
      {major: 8, op: 'Write'},
    ],
  });
  const unlimited = statisticsV2(tree(t, {...files, 'memory.max': 'max\n'})) as typeof statistics;
  t.like(unlimited.memory?.swap, {limit: 2n ** 64n - 1n});
});
