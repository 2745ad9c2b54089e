/** What our own process uses, from /proc/self. */
import {readdirSync, readFileSync} from 'node:fs';
import type {ProcessUsage} from '../../core/metrics/process-metrics.ts';

const startTimeSeconds = Math.round(Date.now() - process.uptime() * 1000) / 1000;
const pageBytes = 4096;

export function readProcessUsage(): ProcessUsage {
  const [virtualPages = 0, residentPages = 0] = readFileSync('/proc/self/statm', 'utf8').split(' ').map(Number);
  const {user, system} = process.cpuUsage();
  const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return {
    cpuSeconds: (user + system) / 1e6,
    startTimeSeconds,
    residentBytes: residentPages * pageBytes,
    virtualBytes: virtualPages * pageBytes,
    openFiles: readdirSync('/proc/self/fd').length,
    maximumFiles: Number(limit ?? 0),
  };
}
