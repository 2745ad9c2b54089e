import {type Command, containerIdText, exactlyOne} from '../cli/command.ts';
import type {Flag} from '../cli/flags.ts';
import {passToRuntime} from '../cli/pass-through.ts';

export const command: Command = {
  name: 'update',
  summary: "change a container's resource limits",
  argumentsText: '<container-id>',
  description: `${containerIdText}

With --resources all other options are ignored. FILE holds the "resources" of the runtime specification, as

    {"memory": {"limit": 67108864}, "cpu": {"shares": 512, "quota": 50000, "period": 100000}, "pids": {"limit": 100}}

What is absent stays as it is.
`,
  flags: [
    {names: ['resources', 'r'], kind: 'string', help: 'JSON file with the new limits, "-" for standard input'},
    limit('blkio-weight', 'weight of block I/O, 10 to 1000'),
    limit('cpu-period', 'CPU period in microseconds'),
    limit('cpu-quota', 'CPU time in a period, in microseconds'),
    limit('cpu-burst', 'CPU time that may be saved up for a burst, in microseconds'),
    limit('cpu-share', 'CPU shares (relative weight)'),
    limit('cpu-rt-period', 'period of real-time scheduling in microseconds'),
    limit('cpu-rt-runtime', 'real-time CPU time in a period, in microseconds'),
    limit('cpuset-cpus', 'CPUs to use, as 0-2,7'),
    limit('cpuset-mems', 'memory nodes to use'),
    limit('memory', 'memory in bytes'),
    limit('cpu-idle', '1: SCHED_IDLE for the whole cgroup'),
    limit('memory-reservation', 'soft memory limit in bytes'),
    limit('memory-swap', 'memory and swap together in bytes, -1 for no limit'),
    limit('pids-limit', 'number of processes'),
    limit('l3-cache-schema', 'Intel RDT cache schema'),
    limit('mem-bw-schema', 'Intel RDT memory bandwidth schema'),
  ],
  arguments: exactlyOne,
  run: context => passToRuntime(context, 'update'),
};

function limit(name: string, help: string): Flag {
  return {names: [name], kind: 'string', help};
}
