/** Flags of `run`, `create` and `update` about cgroup limits. */
import {type FlagSpecs, flag, since} from '../command/flags.ts';
import {parseCpus} from './flag-values.ts';
import {readBps, readIops, type ThrottleOf, throttle, weight} from './throttle.ts';
import {ulimitFlag} from './ulimits.ts';

const throttleFlag = (usage: string, parse: ThrottleOf) =>
  flag.custom('list', usage, throttle(parse), {initial: [], shown: '[]'});

/** Those that `docker update` has too. */
export const adjustableFlags = {
  'blkio-weight': flag.uint16('Block IO (relative weight), between 10 and 1000, or 0 to disable'),
  'cpu-period': flag.int('Limit CPU CFS (Completely Fair Scheduler) period'),
  'cpu-quota': flag.int('Limit CPU CFS (Completely Fair Scheduler) quota'),
  'cpu-rt-period': since('1.25', flag.int('Limit CPU real-time period in microseconds')),
  'cpu-rt-runtime': since('1.25', flag.int('Limit CPU real-time runtime in microseconds')),
  'cpu-shares': flag.int('CPU shares (relative weight)', {char: 'c'}),
  cpus: since(
    '1.25',
    flag.custom('decimal', 'Number of CPUs', (_, text) => parseCpus(text), {initial: 0}),
  ),
  'cpuset-cpus': flag.string('CPUs in which to allow execution (0-3, 0,1)'),
  'cpuset-mems': flag.string('MEMs in which to allow execution (0-3, 0,1)'),
  memory: flag.bytes('Memory limit', {char: 'm'}),
  'memory-reservation': flag.bytes('Memory soft limit'),
  'memory-swap': flag.bytes("Swap limit equal to memory plus swap: '-1' to enable unlimited swap", {unlimited: true}),
  'pids-limit': flag.int('Tune container pids limit (set -1 for unlimited)'),
} satisfies FlagSpecs;

export const resourceFlags = {
  ...adjustableFlags,
  'blkio-weight-device': throttleFlag('Block IO weight (relative device weight)', weight),
  'device-read-bps': throttleFlag('Limit read rate (bytes per second) from a device', readBps),
  'device-read-iops': throttleFlag('Limit read rate (IO per second) from a device', readIops),
  'device-write-bps': throttleFlag('Limit write rate (bytes per second) to a device', readBps),
  'device-write-iops': throttleFlag('Limit write rate (IO per second) to a device', readIops),
  'kernel-memory': flag.bytes('Kernel memory limit'),
  'memory-swappiness': flag.int('Tune container memory swappiness (0 to 100)', {initial: -1}),
  'oom-kill-disable': flag.bool('Disable OOM Killer'),
  'oom-score-adj': flag.int("Tune host's OOM preferences (-1000 to 1000)"),
  'shm-size': flag.bytes('Size of /dev/shm'),
  ulimit: ulimitFlag,
} satisfies FlagSpecs;
