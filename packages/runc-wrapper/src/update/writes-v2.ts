/** Limits as files of cgroup v2. The numbers asked for are those of v1 and are converted on a line, as runc does. */
import {existsSync} from 'node:fs';
import {EngineError} from '@longshore/errdefs';
import {readKernelFile, readKernelFileIfExists, weightOfShares} from '@longshore/linux';
import type {LimitWrite} from './limit-files.ts';
import type {Limits} from './resource-fields.ts';
import {decimal} from './writes-v1.ts';

/** `before` has the limits that the container has by its state: some are only known together with these. */
export function writesV2(directory: string, limits: Limits, before: Limits): LimitWrite[] {
  const writes: LimitWrite[] = [];
  const set = (file: string, value: number | string | undefined) => {
    if (value !== undefined) writes.push({directory, file, value: decimal(value)});
  };
  set('pids.max', maxIfNegative(limits.pids_limit));
  if (limits.memory_check_before_update) checkUse(directory, limits);
  set('memory.swap.max', swapAlone(limits, before));
  set('memory.max', maxIfNegative(limits.memory));
  set('memory.low', maxIfNegative(limits.memory_reservation));
  setWeight(directory, limits.blkio_weight, set);
  set('cpu.idle', limits.cpu_idle);
  set('cpu.weight', limits.cpu_shares === undefined ? undefined : weightOfShares(limits.cpu_shares));
  set('cpu.max.burst', limits.cpu_burst);
  set('cpu.max', cpuMax(directory, limits));
  set('cpuset.cpus', limits.cpuset_cpus);
  set('cpuset.mems', limits.cpuset_mems);
  for (const [file, value] of Object.entries(limits.unified ?? {})) set(checkUnified(directory, file), value);
  return writes;
}

function maxIfNegative(value: number | undefined): number | 'max' | undefined {
  return value !== undefined && value < 0 ? 'max' : value;
}

/** v1 limits memory and swap together, v2 swap alone; undefined leaves it. */
function swapAlone(limits: Limits, before: Limits): number | 'max' | undefined {
  if (limits.memory === undefined && limits.memory_swap === undefined) return undefined;
  const memory = limits.memory ?? before.memory;
  const both = limits.memory_swap ?? (memory === -1 ? -1 : before.memory_swap);
  if (both === undefined || both === 0) return undefined;
  if (both === -1) return 'max';
  if (memory === undefined || memory === 0 || memory === -1)
    throw new EngineError('invalid-argument', 'unable to set swap limit without memory limit');
  if (memory < 0) throw new EngineError('invalid-argument', `invalid memory value: ${memory}`);
  if (both < memory) throw new EngineError('invalid-argument', 'memory+swap limit should be >= memory limit');
  return both - memory;
}

function checkUse(directory: string, {memory, memory_swap: both}: Limits): void {
  const usage = Number(readKernelFile(`${directory}/memory.current`));
  if (both !== undefined && both > 0 && both < usage)
    throw new EngineError('failed-precondition', `rejecting memory+swap limit ${both} < usage ${usage}`);
  if (memory !== undefined && memory > 0 && memory < usage)
    throw new EngineError('failed-precondition', `rejecting memory limit ${memory} < usage ${usage}`);
}

/** Quota and period are one file: what is not asked for is kept. */
function cpuMax(directory: string, {cpu_quota: quota, cpu_period: period}: Limits): string | undefined {
  if (quota === undefined && period === undefined) return undefined;
  const [oldQuota = 'max', oldPeriod = '100000'] = (readKernelFileIfExists(`${directory}/cpu.max`) ?? '')
    .trim()
    .split(' ');
  const newQuota = quota === undefined ? oldQuota || 'max' : quota > 0 ? decimal(quota) : 'max';
  return `${newQuota} ${period === undefined ? oldPeriod : decimal(period)}`;
}

/** 10 to 1000 → 1 to 10000; the scheduler BFQ takes the number as it is. */
function setWeight(directory: string, weight: number | undefined, set: (file: string, value: number) => void): void {
  if (weight === undefined) return;
  if (existsSync(`${directory}/io.bfq.weight`)) set('io.bfq.weight', weight);
  else set('io.weight', 1 + Math.floor(((weight - 10) * 9999) / 990));
}

function checkUnified(directory: string, file: string): string {
  if (file.includes('/'))
    throw new EngineError('invalid-argument', `unified resource "${file}" must be a file name (no slashes)`);
  const controller = file.split('.', 1)[0]!;
  const known = readKernelFile(`${directory}/cgroup.controllers`).trim().split(' ');
  if (controller !== 'cgroup' && !known.includes(controller) && !existsSync(`${directory}/${file}`))
    throw new EngineError(
      'invalid-argument',
      `unified resource "${file}" can't be set: controller "${controller}" not available`,
    );
  return file;
}
