/** What the kernel and the runtime tell about this process, for Prometheus. */
import {readdirSync} from 'node:fs';
import {getrlimit, readKernelFile} from '@longshore/linux';
import type {Family} from '../../core/metrics/families.ts';

/** USER_HZ and the size of a page, as every Linux on x86-64 and arm64 has them for user space. */
const ticksPerSecond = 100;
const pageBytes = 4096;

export function processFamilies(): Family[] {
  // Fields of proc(5) after the command, which may have spaces and brackets in it.
  const stat = readKernelFile('/proc/self/stat');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const field = (number: number) => Number(fields[number - 3]);
  const {soft: files} = getrlimit('nofile');
  const memory = process.memoryUsage();
  return [
    counter('process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.', {
      value: (field(14) + field(15)) / ticksPerSecond,
    }),
    gauge('process_max_fds', 'Maximum number of open file descriptors.', files),
    gauge('process_open_fds', 'Number of open file descriptors.', readdirSync('/proc/self/fd').length - 1),
    gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', field(24) * pageBytes),
    gauge(
      'process_start_time_seconds',
      'Start time of the process since unix epoch in seconds.',
      bootTime() + field(22) / ticksPerSecond,
    ),
    gauge('process_virtual_memory_bytes', 'Virtual memory size in bytes.', field(23)),
    gauge(
      'process_virtual_memory_max_bytes',
      'Maximum amount of virtual memory available in bytes.',
      getrlimit('as').soft,
    ),
    gauge('nodejs_heap_size_total_bytes', 'Process heap size from Node.js in bytes.', memory.heapTotal),
    gauge('nodejs_heap_size_used_bytes', 'Process heap size used from Node.js in bytes.', memory.heapUsed),
    gauge('nodejs_external_memory_bytes', 'Node.js external memory size in bytes.', memory.external),
  ];
}

function bootTime(): number {
  return Number(/^btime ([0-9]+)$/m.exec(readKernelFile('/proc/stat'))?.[1] ?? 0);
}

function gauge(name: string, help: string, value: number | bigint): Family {
  return {name, help, type: 'gauge', samples: [{labels: {}, value}]};
}

function counter(name: string, help: string, {value}: {value: number}): Family {
  return {name, help, type: 'counter', samples: [{labels: {}, value}]};
}
