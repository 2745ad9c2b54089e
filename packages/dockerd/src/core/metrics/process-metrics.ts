/** The numbers of our own process, under the names that every Prometheus client library uses. */
import type {MetricRegistry} from './registry.ts';

export interface ProcessUsage {
  cpuSeconds: number;
  startTimeSeconds: number;
  residentBytes: number;
  virtualBytes: number;
  openFiles: number;
  maximumFiles: number;
}

/** `read` is called once for each scrape and each metric; it must be cheap. */
export function watchProcess(registry: MetricRegistry, read: () => ProcessUsage): void {
  const observe = (type: 'counter' | 'gauge', name: string, help: string, pick: (usage: ProcessUsage) => number) =>
    registry.observed(type, `process_${name}`, help, () => [{value: pick(read())}]);
  observe('counter', 'cpu_seconds_total', 'Total user and system CPU time spent in seconds.', u => u.cpuSeconds);
  observe('gauge', 'max_fds', 'Maximum number of open file descriptors.', u => u.maximumFiles);
  observe('gauge', 'open_fds', 'Number of open file descriptors.', u => u.openFiles);
  observe('gauge', 'resident_memory_bytes', 'Resident memory size in bytes.', u => u.residentBytes);
  observe(
    'gauge',
    'start_time_seconds',
    'Start time of the process since unix epoch in seconds.',
    u => u.startTimeSeconds,
  );
  observe('gauge', 'virtual_memory_bytes', 'Virtual memory size in bytes.', u => u.virtualBytes);
}
