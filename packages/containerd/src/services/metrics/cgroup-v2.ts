import type {Metrics} from '@longshore/api/gen/containerd/cgroups/v2/metrics';
import type {ContainerMetric} from './container-families.ts';

export function metricsOfV2(metrics: Metrics): ContainerMetric[] {
  return [...cpu(metrics), ...memory(metrics), ...pids(metrics), ...io(metrics), ...hugetlb(metrics)];
}

function cpu({cpu: given}: Metrics): ContainerMetric[] {
  if (!given) return [];
  return [
    {name: 'container_cpu_usage_usec_microseconds', help: 'Total cpu usage (cgroup v2)', value: given.usageUsec},
    {
      name: 'container_cpu_user_usec_microseconds',
      help: 'Current cpu usage in user space (cgroup v2)',
      value: given.userUsec,
    },
    {
      name: 'container_cpu_system_usec_microseconds',
      help: 'Current cpu usage in kernel space (cgroup v2)',
      value: given.systemUsec,
    },
    {
      name: 'container_cpu_nr_periods_total',
      help: 'Current cpu number of periods (only if controller is enabled)',
      value: given.nrPeriods,
    },
    {
      name: 'container_cpu_nr_throttled_total',
      help: 'Total number of times tasks have been throttled (only if controller is enabled)',
      value: given.nrThrottled,
    },
    {
      name: 'container_cpu_throttled_usec_microseconds',
      help: 'Total time duration for which tasks have been throttled. (only if controller is enabled)',
      value: given.throttledUsec,
    },
  ];
}

const memoryNames: {readonly [field: string]: string} = {
  usage: 'usage',
  usageLimit: 'usage_limit',
  swapUsage: 'swap_usage',
  swapLimit: 'swap_limit',
};

function memory({memory: given, memoryEvents}: Metrics): ContainerMetric[] {
  const found: ContainerMetric[] = [];
  if (memoryEvents) {
    const help = 'The number of times a container has received an oom event';
    found.push({name: 'container_memory_oom_total', help, value: memoryEvents.oom});
  }
  for (const [field, value] of Object.entries(given ?? {})) {
    if (typeof value !== 'bigint' || field === 'maxUsage' || field === 'swapMaxUsage') continue;
    const name = memoryNames[field] ?? field.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
    found.push({name: `container_memory_${name}_bytes`, help: `The ${name} amount (cgroup v2)`, value});
  }
  return found;
}

function pids({pids: given}: Metrics): ContainerMetric[] {
  if (!given) return [];
  return [
    {name: 'container_pids_current', help: 'The current number of pids (cgroup v2)', value: given.current},
    {name: 'container_pids_limit', help: 'The limit to the number of pids allowed (cgroup v2)', value: given.limit},
  ];
}

function io({io: given}: Metrics): ContainerMetric[] {
  return (given?.usage ?? []).flatMap(({major, minor, rbytes, wbytes, rios, wios}) => {
    const labels = {major: String(major), minor: String(minor)};
    return [
      {name: 'container_io_rbytes_bytes', help: 'IO bytes read', value: rbytes, labels},
      {name: 'container_io_wbytes_bytes', help: 'IO bytes written', value: wbytes, labels},
      {name: 'container_io_rios_total', help: 'Number of read IOs', value: rios, labels},
      {name: 'container_io_wios_total', help: 'Number of write IOs', value: wios, labels},
    ];
  });
}

function hugetlb({hugetlb: given}: Metrics): ContainerMetric[] {
  return given.flatMap(({current, max, pagesize}) => {
    const labels = {page: pagesize};
    return [
      {name: 'container_hugetlb_usage_bytes', help: 'The current hugetlb usage', value: current, labels},
      {name: 'container_hugetlb_max_bytes', help: 'The hugetlb maximum usage', value: max, labels},
    ];
  });
}
