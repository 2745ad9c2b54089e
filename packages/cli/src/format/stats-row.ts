/** Rows of `docker stats`, and how they follow from the engine's counters. */
import type {ContainerStats} from '@longshore/api/engine';
import {binarySize, humanSize} from '@longshore/term';
import type {RowType} from './list.ts';
import {shortId} from './text.ts';

export const statsTable =
  '{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}';

/** What is known of one container; nothing but its name at first. */
export interface ContainerUsage {
  /** As the user called it. */
  container: string;
  measured?: {
    id: string;
    name: string;
    cpuPercent: number;
    memory: number;
    memoryLimit: number;
    received: number;
    sent: number;
    read: number;
    written: number;
    processes: number;
  };
}

export function statsRow(options: {truncate: boolean}): RowType<ContainerUsage> {
  const of = (show: (usage: NonNullable<ContainerUsage['measured']>) => string, unknown = '--') => {
    return ({measured}: ContainerUsage) => (measured ? show(measured) : unknown);
  };
  return {
    goType: '*formatter.statsContext',
    fields: {
      Container: {header: 'CONTAINER', get: usage => usage.container},
      Name: {header: 'NAME', get: of(usage => usage.name.replace(/^\//, ''))},
      ID: {header: 'CONTAINER ID', get: of(({id}) => (options.truncate ? shortId(id) : id))},
      CPUPerc: {header: 'CPU %', get: of(({cpuPercent}) => `${cpuPercent.toFixed(2)}%`)},
      MemUsage: {
        header: 'MEM USAGE / LIMIT',
        get: of(({memory, memoryLimit}) => `${binarySize(memory)} / ${binarySize(memoryLimit)}`, '-- / --'),
      },
      MemPerc: {header: 'MEM %', get: of(usage => `${percent(usage.memory, usage.memoryLimit).toFixed(2)}%`)},
      NetIO: {header: 'NET I/O', get: of(({received, sent}) => `${humanSize(received, 3)} / ${humanSize(sent, 3)}`)},
      BlockIO: {header: 'BLOCK I/O', get: of(({read, written}) => `${humanSize(read, 3)} / ${humanSize(written, 3)}`)},
      PIDs: {header: 'PIDS', get: of(({processes}) => String(processes))},
    },
  };
}

function percent(part: number, whole: number): number {
  return whole > 0 ? (part / whole) * 100 : 0;
}

/** Turns counters into usage; keeps the previous sample where the engine sent none. */
export class StatsMeter {
  #previousCpu = 0;
  #previousSystem = 0;

  measure(container: string, stats: ContainerStats): ContainerUsage {
    const {cpu_stats: cpu, memory_stats: memory} = stats;
    const networks = Object.values(stats.networks ?? {});
    const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
    const io = stats.blkio_stats?.io_service_bytes_recursive ?? [];
    const ioOf = (op: string) =>
      sum(io.filter(entry => entry.op.toLowerCase() === op).map(entry => Number(entry.value)));
    const measured = {
      id: stats.id ?? '',
      name: stats.name ?? '',
      cpuPercent: this.#cpuPercent(stats),
      memory: usedMemory(memory),
      memoryLimit: Number(memory.limit ?? 0),
      received: sum(networks.map(network => Number(network.rx_bytes))),
      sent: sum(networks.map(network => Number(network.tx_bytes))),
      read: ioOf('read'),
      written: ioOf('write'),
      processes: Number(stats.pids_stats?.current ?? 0),
    };
    this.#previousCpu = Number(cpu?.cpu_usage?.total_usage ?? 0);
    this.#previousSystem = Number(cpu?.system_cpu_usage ?? 0);
    return {container, measured};
  }

  /** Share of the machine's time since the sample before, times the number of CPUs. */
  #cpuPercent({cpu_stats: cpu, precpu_stats: before}: ContainerStats): number {
    const previousCpu = Number(before?.cpu_usage?.total_usage ?? 0) || this.#previousCpu;
    const previousSystem = Number(before?.system_cpu_usage ?? 0) || this.#previousSystem;
    const cpuDelta = Number(cpu?.cpu_usage?.total_usage ?? 0) - previousCpu;
    const systemDelta = Number(cpu?.system_cpu_usage ?? 0) - previousSystem;
    const cpus = cpu?.online_cpus || cpu?.cpu_usage?.percpu_usage?.length || 1;
    return systemDelta > 0 && cpuDelta > 0 ? (cpuDelta / systemDelta) * Number(cpus) * 100 : 0;
  }
}

/** Usage without the page cache that can be given back, which cgroup v1 and v2 name differently. */
function usedMemory(memory: ContainerStats['memory_stats']): number {
  const usage = Number(memory.usage ?? 0);
  const counters = (memory.stats ?? {}) as Record<string, number>;
  const inactive = Number(counters.total_inactive_file ?? counters.inactive_file ?? 0);
  return inactive < usage ? usage - inactive : usage;
}
