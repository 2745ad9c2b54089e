import {readFileSync} from 'node:fs';
import {EngineError} from '@longshore/errdefs';
import {type Command, containerIdText, exactlyOne} from '../cli/command.ts';
import type {Flag, ParsedArguments} from '../cli/flags.ts';
import {passToRuntime} from '../cli/pass-through.ts';
import {parseBytes, parseInteger} from '../cli/quantities.ts';
import type {Resources} from '../runtime-options.ts';

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
    {names: ['blkio-weight'], kind: 'integer', help: 'weight of block I/O, 10 to 1000'},
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
    {names: ['pids-limit'], kind: 'integer', help: 'number of processes, -1 for no limit'},
    {names: ['kernel-memory'], kind: 'string', help: '(obsolete)', hidden: true},
    {names: ['kernel-memory-tcp'], kind: 'string', help: '(obsolete)', hidden: true},
    limit('l3-cache-schema', 'Intel RDT cache schema'),
    limit('mem-bw-schema', 'Intel RDT memory bandwidth schema'),
  ],
  arguments: exactlyOne,
  async run(context) {
    const {args, runtime, logWarning} = context;
    const id = args.positional[0]!;
    const {systemdCgroup} = runtime().load(id);
    // systemd's properties are set over D-Bus, and resctrl groups are made, by the runtime.
    if (systemdCgroup || args.text('l3-cache-schema') || args.text('mem-bw-schema')) passToRuntime(context, 'update');
    const file = args.text('resources');
    for (const name of file ? [] : ['kernel-memory', 'kernel-memory-tcp'])
      if (args.text(name)) logWarning(`Setting --${name} is ignored and will be removed`);
    await runtime().update(id, file ? readResources(file) : resourcesOf(args));
    return 0;
  },
};

function limit(name: string, help: string): Flag {
  return {names: [name], kind: 'string', help};
}

/** What the flags ask for. Throws invalid-argument with runc's texts. */
function resourcesOf(args: ParsedArguments): Resources {
  const integer = (name: string, kind: 'ParseInt' | 'ParseUint') => optional(name, parseInteger(kind));
  const bytes = (name: string) => optional(name, text => (text === '-1' ? -1 : parseBytes(text)));
  const optional = (name: string, parse: (text: string) => number): number | undefined => {
    const text = args.text(name);
    if (!text) return undefined;
    try {
      return parse(text);
    } catch (error) {
      const reason = (error as Error).message;
      throw new EngineError('invalid-argument', `invalid value for ${name}: ${reason}`, {cause: error});
    }
  };
  const cpu = {
    idle: integer('cpu-idle', 'ParseInt'),
    burst: integer('cpu-burst', 'ParseUint'),
    period: integer('cpu-period', 'ParseUint'),
    realtimePeriod: integer('cpu-rt-period', 'ParseUint'),
    shares: integer('cpu-share', 'ParseUint'),
    quota: integer('cpu-quota', 'ParseInt'),
    realtimeRuntime: integer('cpu-rt-runtime', 'ParseInt'),
    cpus: args.text('cpuset-cpus'),
    mems: args.text('cpuset-mems'),
  };
  const memory = {limit: bytes('memory'), swap: bytes('memory-swap'), reservation: bytes('memory-reservation')};
  const pids = {limit: Number(args.text('pids-limit') ?? 0)};
  // Sixteen bits of it, as runc takes it.
  const blockIO = {weight: Number(args.text('blkio-weight') ?? 0) & 0xffff};
  return {cpu, memory, pids, blockIO} as Resources;
}

function readResources(file: string): Resources {
  const value = parseJson(readText(file));
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Resources;
  const found = Array.isArray(value) ? 'array' : typeof value;
  throw new EngineError(
    'invalid-argument',
    `json: cannot unmarshal ${found} into Go value of type specs.LinuxResources`,
  );
}

function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new EngineError('not-found', `open ${file}: no such file or directory`, {cause: error});
  }
}

function parseJson(text: string): unknown {
  if (text.trim() === '') throw new EngineError('invalid-argument', 'EOF');
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = (error as Error).message;
    const cut = isCutShort(text);
    throw new EngineError('invalid-argument', cut ? 'unexpected EOF' : `invalid JSON: ${reason}`, {cause: error});
  }
}

/** True if a string, an object or an array is open at the end. */
function isCutShort(text: string): boolean {
  const outside = text.replaceAll(/"(?:[^"\\]|\\.)*"/gs, '');
  const count = (pattern: RegExp) => outside.match(pattern)?.length ?? 0;
  return outside.includes('"') || count(/[[{]/g) > count(/[\]}]/g);
}
