import type {BlkIOStat, MemoryEntry, MemoryStat, Metrics} from '@longshore/api/gen/containerd/cgroups/v1/metrics';
import type {ContainerMetric} from './container-families.ts';

export function metricsOfV1(metrics: Metrics): ContainerMetric[] {
  return [...cpu(metrics), ...memory(metrics), ...pids(metrics), ...hugetlb(metrics), ...blkio(metrics)];
}

function cpu({cpu: given}: Metrics): ContainerMetric[] {
  if (!given) return [];
  const {usage, throttling} = given;
  const found: ContainerMetric[] = [];
  const add = (name: string, help: string, value: bigint) => found.push({name: `container_cpu_${name}`, help, value});
  if (usage) {
    add('total_nanoseconds', 'The total cpu time', usage.total);
    add('kernel_nanoseconds', 'The total kernel cpu time', usage.kernel);
    add('user_nanoseconds', 'The total user cpu time', usage.user);
    for (const [index, value] of usage.perCpu.entries()) {
      const help = 'The total cpu time per cpu';
      found.push({name: 'container_per_cpu_nanoseconds', help, value, labels: {cpu: String(index)}});
    }
  }
  if (throttling) {
    add('throttle_periods_total', 'The total cpu throttle periods', throttling.periods);
    add('throttled_periods_total', 'The total cpu throttled periods', throttling.throttledPeriods);
    add('throttled_time_nanoseconds', 'The total cpu throttled time', throttling.throttledTime);
  }
  return found;
}

/** Fields of memory.stat, and those that have a help text of their own. */
const used = ['cache', 'rss', 'rss_huge', 'mapped_file'];
const entries = {usage: 'usage', swap: 'swap', kernel: 'kernel', kernelTcp: 'kerneltcp'} as const;

function memory({memory: given, memoryOomControl}: Metrics): ContainerMetric[] {
  const found: ContainerMetric[] = [];
  if (memoryOomControl) {
    const help = 'The number of times a container has received an oom event';
    found.push({name: 'container_memory_oom_total', help, value: memoryOomControl.oomKill});
  }
  if (!given) return found;
  for (const [field, value] of Object.entries(given as MemoryStat & {[field: string]: unknown})) {
    if (typeof value !== 'bigint') continue;
    const name = statName(field);
    const help = `The ${name} amount${used.includes(name.replace(/^total_/, '')) ? ' used' : ''}`;
    found.push({name: `container_memory_${name}_bytes`, help, value});
  }
  for (const [field, name] of Object.entries(entries)) {
    const entry = given[field as keyof typeof entries];
    if (entry) found.push(...memoryEntry(name, entry));
  }
  return found;
}

function memoryEntry(name: string, {failcnt, limit, max, usage}: MemoryEntry): ContainerMetric[] {
  const shown = name === 'usage' ? 'memory' : name;
  return [
    {name: `container_memory_${name}_failcnt_total`, help: `The ${name} failcnt`, value: failcnt},
    {name: `container_memory_${name}_limit_bytes`, help: `The ${shown} limit`, value: limit},
    {name: `container_memory_${name}_max_bytes`, help: `The ${shown} maximum usage`, value: max},
    {name: `container_memory_${name}_usage_bytes`, help: `The ${shown} usage`, value: usage},
  ];
}

/** `totalPgPgIn` → `total_pgpgin`, `hierarchicalSwapLimit` → `hierarchical_memsw_limit`, `rssHuge` → `rss_huge`. */
function statName(field: string): string {
  if (field === 'hierarchicalSwapLimit') return 'hierarchical_memsw_limit';
  const joined = field.replace(/[pP]g(PgIn|PgOut|Fault|MajFault)/, word => word[0] + word.slice(1).toLowerCase());
  return joined.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
}

function pids({pids: given}: Metrics): ContainerMetric[] {
  if (!given) return [];
  return [
    {name: 'container_pids_current', help: 'The current number of pids', value: given.current},
    {name: 'container_pids_limit', help: 'The limit to the number of pids allowed', value: given.limit},
  ];
}

function hugetlb({hugetlb: given}: Metrics): ContainerMetric[] {
  return given.flatMap(({usage, failcnt, max, pagesize}) => {
    const labels = {page: pagesize};
    return [
      {name: 'container_hugetlb_usage_bytes', help: 'The current hugetlb usage', value: usage, labels},
      {name: 'container_hugetlb_failcnt_total', help: 'The hugetlb failcnt', value: failcnt, labels},
      {name: 'container_hugetlb_max_bytes', help: 'The hugetlb maximum usage', value: max, labels},
    ];
  });
}

const blkioNames: {readonly [Field in keyof BlkIOStat]: [name: string, help: string]} = {
  ioMergedRecursive: ['io_merged_recursive_total', 'The blkio io merged recursive'],
  ioQueuedRecursive: ['io_queued_recursive_total', 'The blkio io queued recursive'],
  ioServiceBytesRecursive: ['io_service_bytes_recursive_bytes', 'The blkio io service bytes recursive'],
  ioServiceTimeRecursive: ['io_service_time_recursive_total', 'The blkio io service time recursive'],
  ioServicedRecursive: ['io_serviced_recursive_total', 'The blkio io serviced recursive'],
  ioTimeRecursive: ['io_time_recursive_total', 'The blkio io time recursive'],
  ioWaitTimeRecursive: ['io_wait_time_recursive_total', 'The blkio io wait time recursive'],
  sectorsRecursive: ['sectors_recursive_total', 'The blkio sectors recursive'],
};

function blkio({blkio: given}: Metrics): ContainerMetric[] {
  if (!given) return [];
  return Object.entries(blkioNames).flatMap(([field, [name, help]]) =>
    given[field as keyof BlkIOStat].map(({op, device, major, minor, value}) => ({
      ...{name: `container_blkio_${name}`, help, value},
      labels: {device, major: String(major), minor: String(minor), op},
    })),
  );
}
