/** What `events` shows of a container on cgroup v2, in the shape of v1. */
import {noLimit, parseNumber, readNumber, readTable, readText, withoutEmpty} from './files.ts';
import {hugePageSizes, pids, sortedObject} from './v1.ts';

export function statisticsV2(directory: string): Record<string, unknown> {
  return {
    cpu: cpu(directory),
    cpuset: emptyCpuset,
    memory: memory(directory),
    pids: pids(directory),
    blkio: {...withoutEmpty(blkio(directory)), ...pressure(directory, 'io')},
    hugetlb: hugetlb(directory),
    intel_rdt: {},
    network_interfaces: null,
  };
}

/** runc has nothing to say about it on v2, and says it. */
const emptyCpuset = {
  cpu_exclusive: 0,
  mem_hardwall: 0,
  mem_exclusive: 0,
  memory_migrate: 0,
  memory_spread_page: 0,
  memory_spread_slab: 0,
  memory_pressure: 0,
  sched_load_balance: 0,
  sched_relax_domain_level: 0,
};

/** cpu.stat counts in microseconds, the output in nanoseconds. */
function cpu(directory: string): unknown {
  const stat = readTable(directory, 'cpu.stat');
  const ns = (name: string) => (stat.get(name) ?? 0n) * 1000n;
  return {
    usage: {...withoutEmpty({total: ns('usage_usec')}), kernel: ns('system_usec'), user: ns('user_usec')},
    throttling: withoutEmpty({
      periods: stat.get('nr_periods'),
      throttledPeriods: stat.get('nr_throttled'),
      throttledTime: ns('throttled_usec'),
    }),
    ...pressure(directory, 'cpu'),
  };
}

function memory(directory: string): unknown {
  const raw = readTable(directory, 'memory.stat');
  const usage = entry(directory, 'memory', readTable(directory, 'memory.events').get('max') ?? 0n);
  const swap = entry(directory, 'memory.swap', readTable(directory, 'memory.swap.events').get('fail') ?? 0n);
  const nothing = {limit: 0, failcnt: 0};
  return {
    ...withoutEmpty({cache: raw.get('file')}),
    usage: show(usage),
    // v1 counts memory and swap together, and so does this output.
    swap: show({
      ...swap,
      usage: swap.usage + usage.usage,
      limit: swap.limit === noLimit || usage.limit === noLimit ? noLimit : swap.limit + usage.limit,
    }),
    kernel: nothing,
    kernelTCP: nothing,
    raw: sortedObject(raw),
    ...pressure(directory, 'memory'),
  };
}

type Entry = {limit: bigint; usage: bigint; max: bigint; failcnt: bigint};

function entry(directory: string, prefix: string, failcnt: bigint): Entry {
  const number = (name: string) => readNumber(directory, `${prefix}.${name}`);
  return {limit: number('max'), usage: number('current'), max: number('peak'), failcnt};
}

function show({limit, usage, max, failcnt}: Entry): unknown {
  return {limit, ...withoutEmpty({usage, max}), failcnt};
}

/** Lines of io.stat: `MAJOR:MINOR rbytes=N wbytes=N rios=N wios=N …`. */
function blkio(directory: string): Record<string, unknown> {
  const bytes: unknown[] = [];
  const operations: unknown[] = [];
  for (const line of (readText(directory, 'io.stat') ?? '').split('\n')) {
    const [device = '', ...counters] = line.split(' ');
    const [major, minor] = device.split(':').map(Number);
    const values = new Map(counters.map(counter => counter.split('=') as [string, string]));
    const add = (to: unknown[], op: string, name: string) => {
      const value = values.get(name);
      if (value !== undefined) to.push(withoutEmpty({major, minor, op, value: parseNumber(value)}));
    };
    add(bytes, 'Read', 'rbytes');
    add(bytes, 'Write', 'wbytes');
    add(operations, 'Read', 'rios');
    add(operations, 'Write', 'wios');
  }
  return {ioServiceBytesRecursive: bytes, ioServicedRecursive: operations};
}

function hugetlb(directory: string): unknown {
  return Object.fromEntries(
    hugePageSizes.flatMap(size => {
      if (readText(directory, `hugetlb.${size}.current`) === undefined) return [];
      const usage = withoutEmpty({usage: readNumber(directory, `hugetlb.${size}.current`)});
      return [[size, {...usage, failcnt: readTable(directory, `hugetlb.${size}.events`).get('max') ?? 0n}]];
    }),
  );
}

/** Pressure stall information; a member only where the kernel has it. */
function pressure(directory: string, resource: string): {psi?: unknown} {
  const lines = (readText(directory, `${resource}.pressure`) ?? '').split('\n').filter(Boolean);
  if (lines.length === 0) return {};
  return {
    psi: Object.fromEntries(
      lines.map(line => {
        const [kind = '', ...fields] = line.split(' ');
        return [kind, Object.fromEntries(fields.map(field => [field.split('=')[0], Number(field.split('=')[1])]))];
      }),
    ),
  };
}
