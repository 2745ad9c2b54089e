import {readlinkAt} from '../nodes.ts';
import {AT_FDCWD} from '../open-at.ts';
import {exists, listFiles, readNumber, readTable, readText} from './files.ts';
import type {Hierarchy} from './hierarchy.ts';

/** The shape of io.containerd.cgroups.v1.Metrics; controllers that are not mounted are absent. */
export interface CgroupStatisticsV1 {
  version: 1;
  cpu?: {
    /** Nanoseconds. */
    usage: {total: bigint; kernel: bigint; user: bigint; perCpu: bigint[]};
    /** `throttledTime` in nanoseconds. */
    throttling: {periods: bigint; throttledPeriods: bigint; throttledTime: bigint};
  };
  memory?: MemoryStatisticsV1;
  memoryOomControl?: {oomKillDisable: bigint; underOom: bigint; oomKill: bigint};
  /** `limit` 0: none. */
  pids?: {current: bigint; limit: bigint};
  blkio?: BlkioStatistics;
  hugetlb: {pagesize: string; usage: bigint; max: bigint; failcnt: bigint}[];
}

export interface MemoryEntry {
  limit: bigint;
  usage: bigint;
  max: bigint;
  failcnt: bigint;
}

export type MemoryStatisticsV1 = Record<(typeof memoryFields)[number][1], bigint> & {
  usage: MemoryEntry;
  swap?: MemoryEntry;
  kernel?: MemoryEntry;
  kernelTcp?: MemoryEntry;
};

export interface BlkioEntry {
  /** `Read`, `Write`, `Sync`, `Async`, `Discard`, `Total`. */
  op: string;
  /** `/dev/sda`, empty if it has no name. */
  device: string;
  major: bigint;
  minor: bigint;
  value: bigint;
}

export interface BlkioStatistics {
  ioServiceBytesRecursive: BlkioEntry[];
  ioServicedRecursive: BlkioEntry[];
  ioQueuedRecursive: BlkioEntry[];
  ioServiceTimeRecursive: BlkioEntry[];
  ioWaitTimeRecursive: BlkioEntry[];
  ioMergedRecursive: BlkioEntry[];
  ioTimeRecursive: BlkioEntry[];
  sectorsRecursive: BlkioEntry[];
}

/** Names in memory.stat and in containerd's message. */
const memoryFields = [
  ['cache', 'cache'],
  ['rss', 'rss'],
  ['rss_huge', 'rssHuge'],
  ['mapped_file', 'mappedFile'],
  ['dirty', 'dirty'],
  ['writeback', 'writeback'],
  ['pgpgin', 'pgPgIn'],
  ['pgpgout', 'pgPgOut'],
  ['pgfault', 'pgFault'],
  ['pgmajfault', 'pgMajFault'],
  ['inactive_anon', 'inactiveAnon'],
  ['active_anon', 'activeAnon'],
  ['inactive_file', 'inactiveFile'],
  ['active_file', 'activeFile'],
  ['unevictable', 'unevictable'],
  ['hierarchical_memory_limit', 'hierarchicalMemoryLimit'],
  ['hierarchical_memsw_limit', 'hierarchicalSwapLimit'],
  ['total_cache', 'totalCache'],
  ['total_rss', 'totalRss'],
  ['total_rss_huge', 'totalRssHuge'],
  ['total_mapped_file', 'totalMappedFile'],
  ['total_dirty', 'totalDirty'],
  ['total_writeback', 'totalWriteback'],
  ['total_pgpgin', 'totalPgPgIn'],
  ['total_pgpgout', 'totalPgPgOut'],
  ['total_pgfault', 'totalPgFault'],
  ['total_pgmajfault', 'totalPgMajFault'],
  ['total_inactive_anon', 'totalInactiveAnon'],
  ['total_active_anon', 'totalActiveAnon'],
  ['total_inactive_file', 'totalInactiveFile'],
  ['total_active_file', 'totalActiveFile'],
  ['total_unevictable', 'totalUnevictable'],
] as const;

/** Nanoseconds in a tick of cpuacct.stat: USER_HZ is 100 on every architecture that Linux user space sees. */
const tickNs = 10_000_000n;

export type StatisticsExtent = 'all' | 'main';

export function statisticsV1(
  directories: ReadonlyMap<Hierarchy, string>,
  extent: StatisticsExtent = 'all',
): CgroupStatisticsV1 {
  const isAll = extent === 'all';
  const cpu = cpuStatistics(directories.get('cpuacct'), directories.get('cpu'));
  const memory = memoryStatistics(directories.get('memory'), isAll);
  const oom = isAll ? oomControl(directories.get('memory')) : undefined;
  const pids = pidsStatistics(directories.get('pids'));
  const blkio = blkioStatistics(directories.get('blkio'));
  return {
    version: 1,
    ...(cpu && {cpu}),
    ...(memory && {memory}),
    ...(oom && {memoryOomControl: oom}),
    ...(pids && {pids}),
    ...(blkio && {blkio}),
    hugetlb: isAll ? hugetlbStatistics(directories.get('hugetlb')) : [],
  };
}

function cpuStatistics(cpuacct: string | undefined, cpu: string | undefined): CgroupStatisticsV1['cpu'] {
  const total = cpuacct === undefined ? undefined : readNumber(cpuacct, 'cpuacct.usage');
  if (cpuacct === undefined || total === undefined) return undefined;
  const ticks = readTable(cpuacct, 'cpuacct.stat');
  const perCpu = readText(`${cpuacct}/cpuacct.usage_percpu`) ?? '';
  const throttling = cpu === undefined ? new Map<string, bigint>() : readTable(cpu, 'cpu.stat');
  return {
    usage: {
      total,
      kernel: (ticks.get('system') ?? 0n) * tickNs,
      user: (ticks.get('user') ?? 0n) * tickNs,
      perCpu: perCpu.trim().split(/\s+/).filter(Boolean).map(BigInt),
    },
    throttling: {
      periods: throttling.get('nr_periods') ?? 0n,
      throttledPeriods: throttling.get('nr_throttled') ?? 0n,
      throttledTime: throttling.get('throttled_time') ?? 0n,
    },
  };
}

function memoryStatistics(directory: string | undefined, isAll: boolean): MemoryStatisticsV1 | undefined {
  const usage = directory === undefined ? undefined : memoryEntry(directory, 'memory');
  if (directory === undefined || !usage) return undefined;
  const table = readTable(directory, 'memory.stat');
  const values = Object.fromEntries(memoryFields.map(([file, field]) => [field, table.get(file) ?? 0n]));
  const swap = isAll ? memoryEntry(directory, 'memory.memsw') : undefined;
  const kernel = isAll ? memoryEntry(directory, 'memory.kmem') : undefined;
  const kernelTcp = isAll ? memoryEntry(directory, 'memory.kmem.tcp') : undefined;
  return {
    ...values,
    usage,
    ...(swap && {swap}),
    ...(kernel && {kernel}),
    ...(kernelTcp && {kernelTcp}),
  } as MemoryStatisticsV1;
}

function memoryEntry(directory: string, prefix: string): MemoryEntry | undefined {
  const usage = readNumber(directory, `${prefix}.usage_in_bytes`);
  if (usage === undefined) return undefined;
  return {
    usage,
    limit: readNumber(directory, `${prefix}.limit_in_bytes`) ?? 0n,
    max: readNumber(directory, `${prefix}.max_usage_in_bytes`) ?? 0n,
    failcnt: readNumber(directory, `${prefix}.failcnt`) ?? 0n,
  };
}

function oomControl(directory: string | undefined): CgroupStatisticsV1['memoryOomControl'] {
  const table = directory === undefined ? undefined : readTable(directory, 'memory.oom_control');
  if (!table || table.size === 0) return undefined;
  return {
    oomKillDisable: table.get('oom_kill_disable') ?? 0n,
    underOom: table.get('under_oom') ?? 0n,
    oomKill: table.get('oom_kill') ?? 0n,
  };
}

function pidsStatistics(directory: string | undefined): CgroupStatisticsV1['pids'] {
  const current = directory === undefined ? undefined : readNumber(directory, 'pids.current');
  if (directory === undefined || current === undefined) return undefined;
  return {current, limit: readNumber(directory, 'pids.max', 0n) ?? 0n};
}

/** The scheduler's counters if it keeps any (CFQ before 5.0, BFQ), else those of throttling. */
function blkioStatistics(directory: string | undefined): BlkioStatistics | undefined {
  if (directory === undefined || !exists(`${directory}/cgroup.procs`)) return undefined;
  const scheduler = (name: string) =>
    firstEntries(directory, [`blkio.${name}_recursive`, `blkio.bfq.${name}_recursive`]);
  const withThrottle = (name: string) => {
    const entries = scheduler(name);
    return entries.length > 0
      ? entries
      : firstEntries(directory, [`blkio.throttle.${name}_recursive`, `blkio.throttle.${name}`]);
  };
  return {
    ioServiceBytesRecursive: withThrottle('io_service_bytes'),
    ioServicedRecursive: withThrottle('io_serviced'),
    ioQueuedRecursive: scheduler('io_queued'),
    ioServiceTimeRecursive: scheduler('io_service_time'),
    ioWaitTimeRecursive: scheduler('io_wait_time'),
    ioMergedRecursive: scheduler('io_merged'),
    ioTimeRecursive: scheduler('time'),
    sectorsRecursive: scheduler('sectors'),
  };
}

/** Milliseconds. A scheduler that is loaded later brings files that were not there: they, and names of devices, are looked for again. */
const absentFor = 10_000;
/** Which files of blkio this kernel does not have, and when that was seen: the same for all groups. */
const absentFiles = new Map<string, number>();

function firstEntries(directory: string, files: readonly string[]): BlkioEntry[] {
  for (const file of files) {
    if (performance.now() - (absentFiles.get(file) ?? Number.NEGATIVE_INFINITY) < absentFor) continue;
    const text = readText(`${directory}/${file}`);
    if (text === undefined) absentFiles.set(file, performance.now());
    const entries = parseBlkio(text ?? '');
    if (entries.length > 0) return entries;
  }
  return [];
}

/** Lines `8:0 Read 4096` or `8:0 4096`; the sum over all devices (`Total 0`) is left out. */
export function parseBlkio(text: string): BlkioEntry[] {
  const entries: BlkioEntry[] = [];
  for (const line of text.split('\n')) {
    const match = /^(\d+):(\d+) (?:(\w+) )?(\d+)$/.exec(line);
    if (!match) continue;
    const [, major = '', minor = '', op = '', value = ''] = match;
    const device = deviceName(`${major}:${minor}`);
    entries.push({op, device, major: BigInt(major), minor: BigInt(minor), value: BigInt(value)});
  }
  return entries;
}

const deviceNames = new Map<string, {name: string; until: number}>();

function deviceName(numbers: string): string {
  const known = deviceNames.get(numbers);
  if (known && known.until > performance.now()) return known.name;
  const name = findDeviceName(numbers);
  deviceNames.set(numbers, {name, until: performance.now() + absentFor});
  return name;
}

function findDeviceName(numbers: string): string {
  try {
    return `/dev/${readlinkAt(AT_FDCWD, `/sys/dev/block/${numbers}`).toString().split('/').pop()}`;
  } catch {
    return ''; // gone, or sysfs is not mounted: numbers identify it all the same
  }
}

function hugetlbStatistics(directory: string | undefined): CgroupStatisticsV1['hugetlb'] {
  if (directory === undefined) return [];
  const suffix = '.usage_in_bytes';
  const sizes = listFiles(directory).filter(name => /^hugetlb\.[^.]+\.usage_in_bytes$/.test(name));
  return sizes.map(name => {
    const prefix = name.slice(0, -suffix.length);
    return {
      pagesize: prefix.slice('hugetlb.'.length),
      usage: readNumber(directory, name) ?? 0n,
      max: readNumber(directory, `${prefix}.max_usage_in_bytes`) ?? 0n,
      failcnt: readNumber(directory, `${prefix}.failcnt`) ?? 0n,
    };
  });
}
