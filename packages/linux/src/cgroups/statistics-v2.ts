import {listFiles, readNumber, readTable, readText} from './files.ts';
import type {StatisticsExtent} from './statistics-v1.ts';

/** The shape of io.containerd.cgroups.v2.Metrics; what the cgroup has no files for is absent. No limit is 2^64-1. */
export interface CgroupStatisticsV2 {
  version: 2;
  cpu?: Record<(typeof cpuFields)[number][1], bigint> & {psi?: PressureStatistics};
  memory?: MemoryStatisticsV2;
  memoryEvents?: {low: bigint; high: bigint; max: bigint; oom: bigint; oomKill: bigint; oomGroupKill: bigint};
  pids?: {current: bigint; limit: bigint};
  io?: {usage: IoEntry[]; psi?: PressureStatistics};
  hugetlb: {pagesize: string; current: bigint; max: bigint; failcnt: bigint}[];
}

export interface IoEntry {
  major: bigint;
  minor: bigint;
  rbytes: bigint;
  wbytes: bigint;
  rios: bigint;
  wios: bigint;
}

export interface PressureData {
  avg10: number;
  avg60: number;
  avg300: number;
  /** Microseconds. */
  total: bigint;
}

export interface PressureStatistics {
  some?: PressureData;
  full?: PressureData;
}

export type MemoryStatisticsV2 = Record<(typeof memoryFields)[number][1], bigint> & {
  usage: bigint;
  usageLimit: bigint;
  maxUsage: bigint;
  swapUsage: bigint;
  swapLimit: bigint;
  swapMaxUsage: bigint;
  psi?: PressureStatistics;
};

const cpuFields = [
  ['usage_usec', 'usageUsec'],
  ['user_usec', 'userUsec'],
  ['system_usec', 'systemUsec'],
  ['nr_periods', 'nrPeriods'],
  ['nr_throttled', 'nrThrottled'],
  ['throttled_usec', 'throttledUsec'],
  ['nr_bursts', 'nrBursts'],
  ['burst_usec', 'burstUsec'],
] as const;

/** Names in memory.stat (the newer first where a kernel renamed one) and in containerd's message. */
const memoryFields = [
  ['anon', 'anon'],
  ['file', 'file'],
  ['kernel_stack', 'kernelStack'],
  ['slab', 'slab'],
  ['sock', 'sock'],
  ['shmem', 'shmem'],
  ['file_mapped', 'fileMapped'],
  ['file_dirty', 'fileDirty'],
  ['file_writeback', 'fileWriteback'],
  ['anon_thp', 'anonThp'],
  ['inactive_anon', 'inactiveAnon'],
  ['active_anon', 'activeAnon'],
  ['inactive_file', 'inactiveFile'],
  ['active_file', 'activeFile'],
  ['unevictable', 'unevictable'],
  ['slab_reclaimable', 'slabReclaimable'],
  ['slab_unreclaimable', 'slabUnreclaimable'],
  ['pgfault', 'pgfault'],
  ['pgmajfault', 'pgmajfault'],
  ['workingset_refault', 'workingsetRefault'],
  ['workingset_activate', 'workingsetActivate'],
  ['workingset_nodereclaim', 'workingsetNodereclaim'],
  ['pgrefill', 'pgrefill'],
  ['pgscan', 'pgscan'],
  ['pgsteal', 'pgsteal'],
  ['pgactivate', 'pgactivate'],
  ['pgdeactivate', 'pgdeactivate'],
  ['pglazyfree', 'pglazyfree'],
  ['pglazyfreed', 'pglazyfreed'],
  ['thp_fault_alloc', 'thpFaultAlloc'],
  ['thp_collapse_alloc', 'thpCollapseAlloc'],
] as const;

export function statisticsV2(directory: string, extent: StatisticsExtent = 'all'): CgroupStatisticsV2 {
  const isAll = extent === 'all';
  const cpu = cpuStatistics(directory, isAll);
  const memory = memoryStatistics(directory, isAll);
  const events = isAll ? memoryEvents(directory) : undefined;
  const pids = pidsStatistics(directory);
  const io = ioStatistics(directory, isAll);
  return {
    version: 2,
    ...(cpu && {cpu}),
    ...(memory && {memory}),
    ...(events && {memoryEvents: events}),
    ...(pids && {pids}),
    ...(io && {io}),
    hugetlb: isAll ? hugetlbStatistics(directory) : [],
  };
}

function cpuStatistics(directory: string, isAll: boolean): CgroupStatisticsV2['cpu'] {
  const table = readTable(directory, 'cpu.stat');
  if (table.size === 0) return undefined;
  const values = Object.fromEntries(cpuFields.map(([file, field]) => [field, table.get(file) ?? 0n]));
  const psi = isAll ? pressure(directory, 'cpu.pressure') : undefined;
  return {...values, ...(psi && {psi})} as CgroupStatisticsV2['cpu'];
}

function memoryStatistics(directory: string, isAll: boolean): MemoryStatisticsV2 | undefined {
  const table = readTable(directory, 'memory.stat');
  if (table.size === 0) return undefined;
  const values = Object.fromEntries(memoryFields.map(([file, field]) => [field, table.get(file) ?? 0n]));
  // Since 5.9 refaults and activations are counted for anonymous and file pages apart.
  for (const name of ['refault', 'activate'] as const) {
    const parts = [table.get(`workingset_${name}_anon`), table.get(`workingset_${name}_file`)];
    const field = name === 'refault' ? 'workingsetRefault' : 'workingsetActivate';
    if (!table.has(`workingset_${name}`)) values[field] = (parts[0] ?? 0n) + (parts[1] ?? 0n);
  }
  const psi = isAll ? pressure(directory, 'memory.pressure') : undefined;
  return {
    ...values,
    // The root cgroup has no memory.current: what it holds is then the sum of the two main kinds.
    usage: readNumber(directory, 'memory.current') ?? (values.anon ?? 0n) + (values.file ?? 0n),
    usageLimit: readNumber(directory, 'memory.max') ?? 0n,
    maxUsage: readNumber(directory, 'memory.peak') ?? 0n,
    swapUsage: readNumber(directory, 'memory.swap.current') ?? 0n,
    swapLimit: readNumber(directory, 'memory.swap.max') ?? 0n,
    swapMaxUsage: readNumber(directory, 'memory.swap.peak') ?? 0n,
    ...(psi && {psi}),
  } as MemoryStatisticsV2;
}

function memoryEvents(directory: string): CgroupStatisticsV2['memoryEvents'] {
  const table = readTable(directory, 'memory.events');
  if (table.size === 0) return undefined;
  const value = (name: string) => table.get(name) ?? 0n;
  return {
    low: value('low'),
    high: value('high'),
    max: value('max'),
    oom: value('oom'),
    oomKill: value('oom_kill'),
    oomGroupKill: value('oom_group_kill'),
  };
}

function pidsStatistics(directory: string): CgroupStatisticsV2['pids'] {
  const current = readNumber(directory, 'pids.current');
  return current === undefined ? undefined : {current, limit: readNumber(directory, 'pids.max') ?? 0n};
}

function ioStatistics(directory: string, isAll: boolean): CgroupStatisticsV2['io'] {
  const text = readText(`${directory}/io.stat`);
  if (text === undefined) return undefined;
  const psi = isAll ? pressure(directory, 'io.pressure') : undefined;
  return {usage: parseIoStat(text), ...(psi && {psi})};
}

/** Lines `8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0`. A device may stand alone in its line. */
export function parseIoStat(text: string): IoEntry[] {
  const entries: IoEntry[] = [];
  for (const line of text.split('\n')) {
    const device = /^(\d+):(\d+)/.exec(line);
    if (!device) continue;
    const value = (key: string) => BigInt(new RegExp(` ${key}=(\\d+)`).exec(line)?.[1] ?? 0);
    entries.push({
      major: BigInt(device[1]!),
      minor: BigInt(device[2]!),
      rbytes: value('rbytes'),
      wbytes: value('wbytes'),
      rios: value('rios'),
      wios: value('wios'),
    });
  }
  return entries;
}

/** Lines `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`; undefined without CONFIG_PSI or with it switched off. */
function pressure(directory: string, file: string): PressureStatistics | undefined {
  let text: string | undefined;
  try {
    text = readText(`${directory}/${file}`);
  } catch {
    return undefined; // EOPNOTSUPP: psi=0 on the kernel's command line
  }
  if (text === undefined) return undefined;
  const some = pressureLine(text, 'some');
  const full = pressureLine(text, 'full');
  return {...(some && {some}), ...(full && {full})};
}

function pressureLine(text: string, kind: string): PressureData | undefined {
  const match = new RegExp(`^${kind} avg10=([\\d.]+) avg60=([\\d.]+) avg300=([\\d.]+) total=(\\d+)$`, 'm').exec(text);
  if (!match) return undefined;
  return {avg10: Number(match[1]), avg60: Number(match[2]), avg300: Number(match[3]), total: BigInt(match[4]!)};
}

function hugetlbStatistics(directory: string): CgroupStatisticsV2['hugetlb'] {
  const files = listFiles(directory).filter(name => /^hugetlb\.[^.]+\.current$/.test(name));
  return files.map(name => {
    const prefix = name.slice(0, -'.current'.length);
    return {
      pagesize: prefix.slice('hugetlb.'.length),
      current: readNumber(directory, name) ?? 0n,
      max: readNumber(directory, `${prefix}.max`) ?? 0n,
      failcnt: readTable(directory, `${prefix}.events`).get('max') ?? 0n,
    };
  });
}
