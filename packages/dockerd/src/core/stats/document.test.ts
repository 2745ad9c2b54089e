import {Metrics as MetricsV1} from '@longshore/api/gen/containerd/cgroups/v1/metrics';
import {Metrics as MetricsV2} from '@longshore/api/gen/containerd/cgroups/v2/metrics';
import test from 'ava';
import {parseSystemCpu} from '../../drivers/stats/containerd-statistics.ts';
import type {GroupMetrics} from '../ports/statistics-source.ts';
import {type Sample, statsDocument, zeroDocument} from './document.ts';
import {exactJson} from './exact-json.ts';

const noLimitV1 = 9_223_372_036_854_771_712n;
const identity = {name: 'web1', id: '1acb'};

function sample(group: GroupMetrics, change: Partial<Sample> = {}): Sample {
  return {
    time: 1_795_227_649_932_966_892n,
    group,
    system: {nanoseconds: 5_475_670_000_000n, online: 2},
    interfaces: [],
    memoryBytes: 25_276_502_016n,
    ...change,
  };
}

const v1: GroupMetrics = {
  version: 1,
  metrics: MetricsV1.fromPartial({
    pids: {current: 1},
    cpu: {
      usage: {total: 109_779_510, kernel: 20_000_000, user: 80_000_000, perCpu: [14_985_796, 94_793_714]},
      throttling: {periods: 387},
    },
    memory: {
      cache: 491_520,
      hierarchicalMemoryLimit: noLimitV1,
      usage: {usage: 843_776, max: 5_136_384, limit: noLimitV1},
    },
    blkio: {ioServiceBytesRecursive: [{op: 'Read', major: 8, minor: 1, value: 4096}]},
  }),
};

const parse = (document: object) => JSON.parse(exactJson(document));

test('a v1 sample with the one before it has the fields of the captured answer', t => {
  const before = sample(v1, {
    time: 1_795_227_648_928_840_759n,
    system: {nanoseconds: 5_473_790_000_000n, online: 2},
  });
  const document = parse(statsDocument(identity, sample(v1), before));
  t.deepEqual(Object.keys(document), [
    'name',
    'id',
    'read',
    'preread',
    'pids_stats',
    'blkio_stats',
    'num_procs',
    'storage_stats',
    'cpu_stats',
    'precpu_stats',
    'memory_stats',
  ]);
  t.is(document.name, '/web1');
  t.is(document.read, '2026-11-21T02:20:49.932966892Z');
  t.is(document.preread, '2026-11-21T02:20:48.928840759Z');
  t.deepEqual(document.pids_stats, {current: 1});
  t.deepEqual(document.cpu_stats, {
    cpu_usage: {
      total_usage: 109_779_510,
      percpu_usage: [14_985_796, 94_793_714],
      usage_in_kernelmode: 20_000_000,
      usage_in_usermode: 80_000_000,
    },
    system_cpu_usage: 5_475_670_000_000,
    online_cpus: 2,
    throttling_data: {periods: 387, throttled_periods: 0, throttled_time: 0},
  });
  t.is(document.precpu_stats.system_cpu_usage, 5_473_790_000_000);
  t.deepEqual(document.blkio_stats.io_service_bytes_recursive, [{major: 8, minor: 1, op: 'Read', value: 4096}]);
  t.deepEqual(document.blkio_stats.sectors_recursive, []);
  t.is(document.memory_stats.usage, 843_776);
  t.is(document.memory_stats.max_usage, 5_136_384);
  t.is(document.memory_stats.limit, 25_276_502_016);
  t.is(Object.keys(document.memory_stats.stats).length, 32);
});

test('counters beyond 2^53 keep all their digits', t => {
  const text = exactJson(statsDocument(identity, sample(v1), undefined));
  t.true(text.includes(`"hierarchical_memory_limit":${noLimitV1}`));
});

test('a single sample has no name, and nothing before it', t => {
  const document = parse(statsDocument(undefined, sample(v1), undefined));
  t.false('name' in document);
  t.is(document.preread, '0001-01-01T00:00:00Z');
  t.deepEqual(document.precpu_stats, {
    cpu_usage: {total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0},
    throttling_data: {periods: 0, throttled_periods: 0, throttled_time: 0},
  });
});

test('a v2 sample without controllers has the fields of the captured answer', t => {
  const interfaces = [
    {
      name: 'eth0',
      rxBytes: 572n,
      rxPackets: 6n,
      rxErrors: 0n,
      rxDropped: 0n,
      txBytes: 84n,
      txPackets: 2n,
      txErrors: 0n,
      txDropped: 0n,
    },
  ];
  const empty: GroupMetrics = {version: 2, metrics: MetricsV2.fromPartial({})};
  const document = parse(statsDocument({name: 'cg2', id: 'b7a1'}, sample(empty, {interfaces}), undefined));
  t.deepEqual(document.pids_stats, {});
  t.is(document.blkio_stats.io_service_bytes_recursive, null);
  t.deepEqual(Object.keys(document.memory_stats), ['stats']);
  t.is(Object.keys(document.memory_stats.stats).length, 31);
  t.false('percpu_usage' in document.cpu_stats.cpu_usage);
  t.deepEqual(document.networks, {
    eth0: {
      rx_bytes: 572,
      rx_packets: 6,
      rx_errors: 0,
      rx_dropped: 0,
      tx_bytes: 84,
      tx_packets: 2,
      tx_errors: 0,
      tx_dropped: 0,
    },
  });
});

test('v2 counts time in microseconds, and bytes of devices in the first list', t => {
  const metrics = MetricsV2.fromPartial({
    cpu: {usageUsec: 7, systemUsec: 2, userUsec: 5, throttledUsec: 3},
    memory: {usage: 4096, usageLimit: 8192},
    io: {usage: [{major: 8, minor: 0, rbytes: 1, wbytes: 2}]},
  });
  const document = parse(statsDocument(identity, sample({version: 2, metrics}), undefined));
  t.deepEqual(document.cpu_stats.cpu_usage, {
    total_usage: 7000,
    usage_in_kernelmode: 2000,
    usage_in_usermode: 5000,
  });
  t.is(document.cpu_stats.throttling_data.throttled_time, 3000);
  t.deepEqual([document.memory_stats.usage, document.memory_stats.limit], [4096, 8192]);
  t.deepEqual(document.blkio_stats.io_service_bytes_recursive, [
    {major: 8, minor: 0, op: 'read', value: 1},
    {major: 8, minor: 0, op: 'write', value: 2},
  ]);
});

test('a container without a process has the zero shape', t => {
  const document = parse(zeroDocument({name: 'exited1', id: '0414'}));
  t.is(document.name, '/exited1');
  t.is(document.read, '0001-01-01T00:00:00Z');
  t.deepEqual(document.memory_stats, {});
  t.false('online_cpus' in document.cpu_stats);
  t.false('networks' in document);
});

test('processor time of the machine is the sum of the first seven kinds', t => {
  const text = 'cpu  1 2 3 4 5 6 7 80 90 100\ncpu0 1 1 1 1 1 1 1 1 1 1\ncpu1 0 1 2 3 4 5 6 7 8 9\nintr 5\n';
  t.deepEqual(parseSystemCpu(text), {nanoseconds: 280_000_000n, online: 2});
});
