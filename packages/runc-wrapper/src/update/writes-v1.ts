/** Limits as files of cgroup v1, also on a hybrid host, where the controllers are in v1. */
import {existsSync} from 'node:fs';
import {EngineError} from '@longshore/errdefs';
import {type LimitWrite, sharesWereTaken, tooLowForUse} from './limit-files.ts';
import type {Limits} from './resource-fields.ts';

/** `paths`: controller → directory. Throws invalid-argument for what v1 does not have. */
export function writesV1(paths: Record<string, string>, limits: Limits): LimitWrite[] {
  if (limits.unified)
    throw new EngineError('invalid-argument', 'invalid configuration: cannot use unified on cgroup v1');
  const writes: LimitWrite[] = [];
  const set = (controller: string, file: string, value: number | string | undefined, check?: LimitWrite['check']) => {
    if (value === undefined) return;
    writes.push({directory: directoryOf(paths, controller), file, value: decimal(value), ...(check ? {check} : {})});
  };
  addMemory(paths, limits, set);
  const {cpu_shares: shares} = limits;
  set('cpu', 'cpu.idle', limits.cpu_idle);
  set('cpu', 'cpu.shares', shares, shares === undefined ? undefined : sharesWereTaken(paths.cpu ?? '', shares));
  set('cpu', 'cpu.cfs_burst_us', limits.cpu_burst);
  set('cpu', 'cpu.cfs_period_us', limits.cpu_period);
  set('cpu', 'cpu.cfs_quota_us', limits.cpu_quota);
  set('cpu', 'cpu.rt_period_us', limits.cpu_rt_period);
  set('cpu', 'cpu.rt_runtime_us', limits.cpu_rt_quota);
  set('cpuset', 'cpuset.cpus', limits.cpuset_cpus);
  set('cpuset', 'cpuset.mems', limits.cpuset_mems);
  const {pids_limit: pids} = limits;
  set('pids', 'pids.max', pids === undefined || pids > 0 ? pids : 'max');
  const plain = existsSync(`${paths.blkio}/blkio.weight`);
  set('blkio', plain ? 'blkio.weight' : 'blkio.bfq.weight', limits.blkio_weight);
  return writes;
}

type Set = (controller: string, file: string, value: number | string | undefined, check?: LimitWrite['check']) => void;

function addMemory(paths: Record<string, string>, limits: Limits, set: Set): void {
  const {memory} = limits;
  const withSwap = 'memory.memsw.limit_in_bytes';
  // No limit of memory is no limit of memory and swap, unless that is named too.
  const unlimited = memory === -1 && existsSync(`${paths.memory}/${withSwap}`);
  set(
    'memory',
    'memory.limit_in_bytes',
    memory,
    memory === undefined ? undefined : tooLowForUse(paths.memory ?? '', memory),
  );
  set('memory', withSwap, limits.memory_swap ?? (unlimited ? -1 : undefined));
  set('memory', 'memory.soft_limit_in_bytes', limits.memory_reservation);
}

function directoryOf(paths: Record<string, string>, controller: string): string {
  const directory = paths[controller];
  if (directory !== undefined) return directory;
  const text = `cannot set ${controller} limit: container could not join or create cgroup`;
  throw new EngineError('failed-precondition', text);
}

/** All digits of large numbers, which would else be written with an exponent. */
export function decimal(value: number | string): string {
  return typeof value === 'number' ? String(BigInt(value)) : value;
}
