/** What `events` shows of a container on cgroup v1, or on a hybrid host, whose controllers are in v1 too. */
import {parseList, parseNumber, readNumber, readTable, readText, withoutEmpty} from './files.ts';

type Directories = Record<string, string>;

export function statisticsV1(directories: Directories): Record<string, unknown> {
  return {
    cpu: cpu(directories),
    cpuset: cpuset(directories.cpuset),
    memory: memory(directories.memory),
    pids: pids(directories.pids),
    blkio: blkio(directories.blkio),
    hugetlb: hugetlb(directories.hugetlb),
    intel_rdt: {},
    network_interfaces: null,
  };
}

/** cpuacct.stat counts in ticks; USER_HZ is 100 on every architecture. */
const tickNs = 10_000_000n;

function cpu({cpuacct, cpu: directory}: Directories): unknown {
  const ticks = readTable(cpuacct, 'cpuacct.stat');
  const perCpu = (readText(cpuacct, 'cpuacct.usage_percpu') ?? '').split(/\s+/).filter(Boolean).map(parseNumber);
  // A header, then `CPU USER SYSTEM` in nanoseconds for each.
  const all = (readText(cpuacct, 'cpuacct.usage_all') ?? '')
    .split('\n')
    .slice(1)
    .map(line => line.split(' '));
  const throttling = readTable(directory, 'cpu.stat');
  return {
    usage: {
      ...withoutEmpty({
        total: readNumber(cpuacct, 'cpuacct.usage'),
        percpu: perCpu,
        percpu_kernel: all.map(fields => parseNumber(fields[2] ?? '')),
        percpu_user: all.map(fields => parseNumber(fields[1] ?? '')),
      }),
      kernel: (ticks.get('system') ?? 0n) * tickNs,
      user: (ticks.get('user') ?? 0n) * tickNs,
    },
    throttling: withoutEmpty({
      periods: throttling.get('nr_periods'),
      throttledPeriods: throttling.get('nr_throttled'),
      throttledTime: throttling.get('throttled_time'),
    }),
  };
}

function cpuset(directory: string | undefined): unknown {
  const number = (name: string) => readNumber(directory, `cpuset.${name}`);
  return {
    ...withoutEmpty({cpus: parseList(readText(directory, 'cpuset.cpus') ?? '')}),
    cpu_exclusive: number('cpu_exclusive'),
    ...withoutEmpty({mems: parseList(readText(directory, 'cpuset.mems') ?? '')}),
    mem_hardwall: number('mem_hardwall'),
    mem_exclusive: number('mem_exclusive'),
    memory_migrate: number('memory_migrate'),
    memory_spread_page: number('memory_spread_page'),
    memory_spread_slab: number('memory_spread_slab'),
    memory_pressure: number('memory_pressure'),
    sched_load_balance: number('sched_load_balance'),
    sched_relax_domain_level: number('sched_relax_domain_level'),
  };
}

function memory(directory: string | undefined): unknown {
  const raw = readTable(directory, 'memory.stat');
  return {
    ...withoutEmpty({cache: raw.get('cache')}),
    usage: memoryEntry(directory, 'memory'),
    swap: memoryEntry(directory, 'memory.memsw'),
    kernel: memoryEntry(directory, 'memory.kmem'),
    kernelTCP: memoryEntry(directory, 'memory.kmem.tcp'),
    raw: sortedObject(raw),
  };
}

function memoryEntry(directory: string | undefined, prefix: string): unknown {
  return {
    limit: readNumber(directory, `${prefix}.limit_in_bytes`),
    ...withoutEmpty({
      usage: readNumber(directory, `${prefix}.usage_in_bytes`),
      max: readNumber(directory, `${prefix}.max_usage_in_bytes`),
    }),
    failcnt: readNumber(directory, `${prefix}.failcnt`),
  };
}

/** Go writes maps in the order of their keys. */
export function sortedObject(map: ReadonlyMap<string, bigint>): Record<string, bigint> {
  return Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function pids(directory: string | undefined): unknown {
  const limit = readText(directory, 'pids.max');
  return withoutEmpty({
    current: readNumber(directory, 'pids.current'),
    limit: limit === undefined || limit === 'max' ? 0n : parseNumber(limit),
  });
}

/** With the BFQ scheduler the kernel counts in files of its own; else those of throttling count everything. */
function blkio(directory: string | undefined): unknown {
  const read = (name: string) => {
    for (const prefix of ['blkio.bfq', 'blkio', 'blkio.throttle']) {
      const entries = blkioEntries(readText(directory, `${prefix}.${name}_recursive`) ?? '');
      if (entries.length > 0) return entries;
    }
    return [];
  };
  return withoutEmpty({
    ioServiceBytesRecursive: read('io_service_bytes'),
    ioServicedRecursive: read('io_serviced'),
    ioQueuedRecursive: read('io_queued'),
    ioServiceTimeRecursive: read('io_service_time'),
    ioWaitTimeRecursive: read('io_wait_time'),
    ioMergedRecursive: read('io_merged'),
    ioTimeRecursive: read('time'),
    sectorsRecursive: read('sectors'),
  });
}

/** Lines `MAJOR:MINOR [OPERATION] VALUE`; the sum over all devices (`Total VALUE`) is left out. */
function blkioEntries(text: string): unknown[] {
  return text.split('\n').flatMap(line => {
    const match = /^(\d+):(\d+) (?:(\w+) )?(\d+)$/.exec(line);
    if (!match) return [];
    const [, major = '', minor = '', op = '', value = ''] = match;
    return [withoutEmpty({major: Number(major), minor: Number(minor), op, value: BigInt(value)})];
  });
}

/** One entry for each size of huge pages, as `2MB`. */
function hugetlb(directory: string | undefined): unknown {
  return Object.fromEntries(
    hugePageSizes.flatMap(size => {
      if (readText(directory, `hugetlb.${size}.usage_in_bytes`) === undefined) return [];
      const number = (name: string) => readNumber(directory, `hugetlb.${size}.${name}`);
      const entry = withoutEmpty({usage: number('usage_in_bytes'), max: number('max_usage_in_bytes')});
      return [[size, {...entry, failcnt: number('failcnt')}]];
    }),
  );
}

/** Of x86_64 and arm64. */
export const hugePageSizes = ['64KB', '2MB', '32MB', '1GB', '16GB'];
