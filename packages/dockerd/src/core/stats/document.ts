/** The answer of GET /containers/{id}/stats out of counters. */
import type {BlkioStatEntry, BlkioStats, ContainerStats, CpuStats, MemoryStats} from '@longshore/api/engine';
import type {BlkIOEntry, Metrics as MetricsV1} from '@longshore/api/gen/containerd/cgroups/v1/metrics';
import type {Metrics as MetricsV2} from '@longshore/api/gen/containerd/cgroups/v2/metrics';
import type {GroupMetrics, InterfaceCounters, SystemCpu} from '../ports/statistics-source.ts';
import {formatNano, zeroTime} from '../time.ts';
import type {Exact} from './exact-json.ts';
import {memoryTableV1, memoryTableV2} from './memory-stats.ts';

export type StatsDocument = Exact<ContainerStats>;

/** One reading of all counters. */
export interface Sample {
  /** Nanoseconds since the epoch. */
  time: bigint;
  group: GroupMetrics;
  system: SystemCpu;
  interfaces: readonly InterfaceCounters[];
  /** Bytes of the machine's memory: what a container without a limit may use. */
  memoryBytes: bigint;
}

type Identity = {name: string; id: string};

/** `identity` is absent in answers of one single sample, as Docker leaves it out there. */
export function statsDocument(
  identity: Identity | undefined,
  sample: Sample,
  previous: Sample | undefined,
): StatsDocument {
  const {group} = sample;
  const parts = group.version === 1 ? partsV1(group.metrics) : partsV2(group.metrics);
  const {memory, ...rest} = parts;
  return {
    ...named(identity),
    read: formatNano(sample.time),
    preread: previous ? formatNano(previous.time) : zeroTime,
    ...rest,
    num_procs: 0,
    storage_stats: {},
    cpu_stats: cpuStats(sample),
    precpu_stats: previous ? cpuStats(previous) : zeroCpu(),
    memory_stats: withLimit(memory, sample.memoryBytes),
    ...(sample.interfaces.length > 0 ? {networks: networks(sample.interfaces)} : {}),
  };
}

/** What a container without a process shows. */
export function zeroDocument(identity: Identity): StatsDocument {
  return {
    ...named(identity),
    read: zeroTime,
    preread: zeroTime,
    pids_stats: {},
    blkio_stats: noBlkio(),
    num_procs: 0,
    storage_stats: {},
    cpu_stats: zeroCpu(),
    precpu_stats: zeroCpu(),
    memory_stats: {},
  };
}

function named(identity: Identity | undefined): Partial<Identity> {
  return identity ? {name: `/${identity.name}`, id: identity.id} : {};
}

interface GroupParts {
  pids_stats: StatsDocument['pids_stats'];
  blkio_stats: Exact<BlkioStats>;
  memory: Exact<MemoryStats>;
}

function partsV1({pids, blkio, memory}: MetricsV1): GroupParts {
  const lists = {
    io_service_bytes_recursive: blkio?.ioServiceBytesRecursive,
    io_serviced_recursive: blkio?.ioServicedRecursive,
    io_queue_recursive: blkio?.ioQueuedRecursive,
    io_service_time_recursive: blkio?.ioServiceTimeRecursive,
    io_wait_time_recursive: blkio?.ioWaitTimeRecursive,
    io_merged_recursive: blkio?.ioMergedRecursive,
    io_time_recursive: blkio?.ioTimeRecursive,
    sectors_recursive: blkio?.sectorsRecursive,
  };
  const entries = Object.entries(lists).map(([key, list]) => [key, (list ?? []).map(blkioEntry)] as const);
  return {
    pids_stats: {...nonZero('current', pids?.current), ...nonZero('limit', pids?.limit)},
    blkio_stats: blkio ? (Object.fromEntries(entries) as unknown as Exact<BlkioStats>) : noBlkio(),
    memory: memory
      ? {
          ...nonZero('usage', memory.usage?.usage),
          ...nonZero('max_usage', memory.usage?.max),
          stats: memoryTableV1(memory),
          ...nonZero('failcnt', memory.usage?.failcnt),
          ...nonZero('limit', memory.usage?.limit),
        }
      : {},
  };
}

function blkioEntry({major, minor, op, value}: BlkIOEntry): Exact<BlkioStatEntry> {
  return {major, minor, op, value};
}

function partsV2({pids, io, memory}: MetricsV2): GroupParts {
  const bytes = (io?.usage ?? []).flatMap(({major, minor, rbytes, wbytes}) => [
    {major, minor, op: 'read', value: rbytes},
    {major, minor, op: 'write', value: wbytes},
  ]);
  return {
    pids_stats: {...nonZero('current', pids?.current), ...nonZero('limit', pids?.limit)},
    blkio_stats: {...noBlkio(), io_service_bytes_recursive: bytes.length > 0 ? bytes : null},
    memory: {
      ...nonZero('usage', memory?.usage),
      stats: memoryTableV2(memory),
      ...nonZero('limit', memory?.usageLimit),
    },
  };
}

/** A limit above what there is means none. */
function withLimit(memory: Exact<MemoryStats>, memoryBytes: bigint): Exact<MemoryStats> {
  return memory.limit !== undefined && memory.limit > memoryBytes ? {...memory, limit: memoryBytes} : memory;
}

function cpuStats({group, system}: Sample): Exact<CpuStats> {
  return {
    ...(group.version === 1 ? cpuV1(group.metrics) : cpuV2(group.metrics)),
    ...nonZero('system_cpu_usage', system.nanoseconds),
    online_cpus: system.online,
    throttling_data: throttling(group),
  };
}

function cpuV1({cpu}: MetricsV1): Pick<Exact<CpuStats>, 'cpu_usage'> {
  const {total = 0n, kernel = 0n, user = 0n, perCpu = []} = cpu?.usage ?? {};
  return {
    cpu_usage: {
      total_usage: total,
      ...(perCpu.length > 0 ? {percpu_usage: perCpu} : {}),
      usage_in_kernelmode: kernel,
      usage_in_usermode: user,
    },
  };
}

/** Microseconds become nanoseconds. */
function cpuV2({cpu}: MetricsV2): Pick<Exact<CpuStats>, 'cpu_usage'> {
  const {usageUsec = 0n, systemUsec = 0n, userUsec = 0n} = cpu ?? {};
  return {
    cpu_usage: {
      total_usage: usageUsec * 1000n,
      usage_in_kernelmode: systemUsec * 1000n,
      usage_in_usermode: userUsec * 1000n,
    },
  };
}

function throttling(group: GroupMetrics): Exact<CpuStats>['throttling_data'] {
  if (group.version === 1) {
    const {periods = 0n, throttledPeriods = 0n, throttledTime = 0n} = group.metrics.cpu?.throttling ?? {};
    return {periods, throttled_periods: throttledPeriods, throttled_time: throttledTime};
  }
  const {nrPeriods = 0n, nrThrottled = 0n, throttledUsec = 0n} = group.metrics.cpu ?? {};
  return {periods: nrPeriods, throttled_periods: nrThrottled, throttled_time: throttledUsec * 1000n};
}

function zeroCpu(): CpuStats {
  return {
    cpu_usage: {total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0},
    throttling_data: {periods: 0, throttled_periods: 0, throttled_time: 0},
  };
}

function noBlkio(): Exact<BlkioStats> {
  return {
    io_service_bytes_recursive: null,
    io_serviced_recursive: null,
    io_queue_recursive: null,
    io_service_time_recursive: null,
    io_wait_time_recursive: null,
    io_merged_recursive: null,
    io_time_recursive: null,
    sectors_recursive: null,
  };
}

function networks(interfaces: readonly InterfaceCounters[]): NonNullable<StatsDocument['networks']> {
  const entries = interfaces.map(each => [
    each.name,
    {
      rx_bytes: each.rxBytes,
      rx_packets: each.rxPackets,
      rx_errors: each.rxErrors,
      rx_dropped: each.rxDropped,
      tx_bytes: each.txBytes,
      tx_packets: each.txPackets,
      tx_errors: each.txErrors,
      tx_dropped: each.txDropped,
    },
  ]);
  return Object.fromEntries(entries);
}

/** Go's omitempty. */
function nonZero<K extends string>(key: K, value: bigint | undefined): {[P in K]?: bigint} {
  return (value ? {[key]: value} : {}) as {[P in K]?: bigint};
}
