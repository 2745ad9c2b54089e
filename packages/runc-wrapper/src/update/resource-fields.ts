/** The limits that `update` knows, by their names in the runtime specification and in runc's state.json. */
import {EngineError} from '@longshore/errdefs';
import type {Resources} from '../runtime-options.ts';

type Kind = 'int64' | 'uint64' | 'uint16' | 'string' | 'bool';

export interface ResourceField {
  section: 'memory' | 'cpu' | 'blockIO' | 'pids';
  key: string;
  kind: Kind;
  /** Key below `config.cgroups` of state.json. */
  stored: string;
}

const structs = {memory: 'LinuxMemory', cpu: 'LinuxCPU', blockIO: 'LinuxBlockIO', pids: 'LinuxPids'} as const;

export const resourceFields = [
  {section: 'memory', key: 'limit', kind: 'int64', stored: 'memory'},
  {section: 'memory', key: 'reservation', kind: 'int64', stored: 'memory_reservation'},
  {section: 'memory', key: 'swap', kind: 'int64', stored: 'memory_swap'},
  {section: 'memory', key: 'checkBeforeUpdate', kind: 'bool', stored: 'memory_check_before_update'},
  {section: 'cpu', key: 'shares', kind: 'uint64', stored: 'cpu_shares'},
  {section: 'cpu', key: 'quota', kind: 'int64', stored: 'cpu_quota'},
  {section: 'cpu', key: 'burst', kind: 'uint64', stored: 'cpu_burst'},
  {section: 'cpu', key: 'period', kind: 'uint64', stored: 'cpu_period'},
  {section: 'cpu', key: 'realtimeRuntime', kind: 'int64', stored: 'cpu_rt_quota'},
  {section: 'cpu', key: 'realtimePeriod', kind: 'uint64', stored: 'cpu_rt_period'},
  {section: 'cpu', key: 'cpus', kind: 'string', stored: 'cpuset_cpus'},
  {section: 'cpu', key: 'mems', kind: 'string', stored: 'cpuset_mems'},
  {section: 'cpu', key: 'idle', kind: 'int64', stored: 'cpu_idle'},
  {section: 'blockIO', key: 'weight', kind: 'uint16', stored: 'blkio_weight'},
  {section: 'pids', key: 'limit', kind: 'int64', stored: 'pids_limit'},
] as const satisfies readonly ResourceField[];

/** What is asked for, by the names of state.json; zero and the empty string mean that a limit stays as it is. */
export interface Limits {
  memory?: number;
  memory_reservation?: number;
  /** Memory and swap together. */
  memory_swap?: number;
  memory_check_before_update?: boolean;
  cpu_shares?: number;
  cpu_quota?: number;
  cpu_burst?: number;
  cpu_period?: number;
  cpu_rt_quota?: number;
  cpu_rt_period?: number;
  cpuset_cpus?: string;
  cpuset_mems?: string;
  cpu_idle?: number;
  blkio_weight?: number;
  pids_limit?: number;
  unified?: Record<string, string>;
}

/** Of these zero is a value of its own: no burst, not idle. */
const zeroCounts: readonly string[] = ['cpu_burst', 'cpu_idle'];

/**
 * Picks the known limits out of a `resources` object; others are left alone, as by runc, which takes them at create
 * only. Throws invalid-argument in the words of runc's JSON decoder when one has the wrong type.
 */
export function limitsOf(resources: Resources): Limits {
  const limits: Record<string, unknown> = {};
  for (const {section, key, kind, stored} of resourceFields) {
    const value = (resources[section] as Record<string, unknown> | null | undefined)?.[key];
    if (value === undefined || value === null) continue;
    checkKind(value, kind, `${structs[section]}.${section}.${key}`);
    const unchanged = value === '' || value === false || (value === 0 && !zeroCounts.includes(stored));
    if (!unchanged) limits[stored] = value;
  }
  if (resources.unified && Object.keys(resources.unified).length > 0) limits.unified = resources.unified;
  return limits;
}

const ranges: Record<'int64' | 'uint64' | 'uint16', [number, number]> = {
  int64: [-(2 ** 63), 2 ** 63],
  uint64: [0, 2 ** 64],
  uint16: [0, 2 ** 16 - 1],
};

function checkKind(value: unknown, kind: Kind, field: string): void {
  if (kind === 'string' || kind === 'bool') {
    if (typeof value !== (kind === 'bool' ? 'boolean' : 'string')) throw cannotUnmarshal(value, kind, field);
    return;
  }
  const [least, greatest] = ranges[kind];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > greatest)
    throw cannotUnmarshal(value, kind, field);
}

function cannotUnmarshal(value: unknown, kind: Kind, field: string): EngineError {
  const found = typeof value === 'number' ? `number ${value}` : typeof value === 'boolean' ? 'bool' : typeName(value);
  const text = `json: cannot unmarshal ${found} into Go struct field ${field} of type ${kind}`;
  return new EngineError('invalid-argument', text);
}

function typeName(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value;
}
