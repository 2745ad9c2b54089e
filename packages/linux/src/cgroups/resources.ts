import {EngineError} from '@longshore/errdefs';
import {writeKernelFile} from '../kernel-file.ts';
import {exists, readNumber} from './files.ts';
import type {Hierarchy} from './hierarchy.ts';

/** Limits, in the shape of the OCI runtime specification's `linux.resources`. -1 is no limit where that is allowed. */
export interface CgroupResources {
  memory?: {
    limit?: number;
    reservation?: number;
    /** Memory and swap together. */
    swap?: number;
    kernel?: number;
    kernelTCP?: number;
    swappiness?: number;
    disableOOMKiller?: boolean;
    /** Refuse a limit below the present use (v2; v1's kernel does so by itself). */
    checkBeforeUpdate?: boolean;
  };
  cpu?: {
    shares?: number;
    /** Microseconds in each `period`. */
    quota?: number;
    period?: number;
    burst?: number;
    realtimeRuntime?: number;
    realtimePeriod?: number;
    cpus?: string;
    mems?: string;
    idle?: number;
  };
  /** 0 or less: no limit. */
  pids?: {limit?: number};
  blockIO?: {
    weight?: number;
    weightDevice?: {major: number; minor: number; weight?: number}[];
    throttleReadBpsDevice?: ThrottleDevice[];
    throttleWriteBpsDevice?: ThrottleDevice[];
    throttleReadIOPSDevice?: ThrottleDevice[];
    throttleWriteIOPSDevice?: ThrottleDevice[];
  };
  hugepageLimits?: {pageSize: string; limit: number}[];
  /** v2 only: file name → content. */
  unified?: Record<string, string>;
}

export interface ThrottleDevice {
  major: number;
  minor: number;
  rate: number;
}

type Directories = ReadonlyMap<Hierarchy, string>;

export function updateV1(directories: Directories, resources: CgroupResources): void {
  if (resources.unified !== undefined && Object.keys(resources.unified).length > 0)
    throw new EngineError('invalid-argument', 'unified cgroup resources need cgroup v2');
  const {memory, cpu, pids, blockIO} = resources;
  if (memory) updateMemoryV1(directories, memory);
  if (cpu) updateCpuV1(directories, cpu);
  if (pids?.limit !== undefined) writeIn(directories, 'pids', 'pids.max', pids.limit > 0 ? pids.limit : 'max');
  if (blockIO) updateBlockIoV1(directories, blockIO);
  for (const {pageSize, limit} of resources.hugepageLimits ?? [])
    writeIn(directories, 'hugetlb', `hugetlb.${fileNamePart(pageSize)}.limit_in_bytes`, limit);
}

function updateMemoryV1(directories: Directories, memory: NonNullable<CgroupResources['memory']>): void {
  const {limit, swap} = memory;
  const setLimit = () => limit !== undefined && writeIn(directories, 'memory', 'memory.limit_in_bytes', limit);
  const setSwap = () => swap !== undefined && writeIn(directories, 'memory', 'memory.memsw.limit_in_bytes', swap);
  // At every moment the limit must not exceed that of memory and swap together.
  const current = readNumber(directories.get('memory') ?? '', 'memory.memsw.limit_in_bytes');
  if (
    swap !== undefined &&
    (limit === undefined || swap === -1 || (current !== undefined && current < BigInt(limit)))
  ) {
    setSwap();
    setLimit();
  } else {
    setLimit();
    setSwap();
  }
  const set = (file: string, value: number | undefined) =>
    value !== undefined && writeIn(directories, 'memory', file, value);
  set('memory.soft_limit_in_bytes', memory.reservation);
  set('memory.kmem.tcp.limit_in_bytes', memory.kernelTCP);
  set('memory.swappiness', memory.swappiness);
  if (memory.disableOOMKiller !== undefined) set('memory.oom_control', memory.disableOOMKiller ? 1 : 0);
  // Kernel memory limits do nothing since Linux 5.4 and runc ignores them: so does this, as documented there.
}

function updateCpuV1(directories: Directories, cpu: NonNullable<CgroupResources['cpu']>): void {
  const set = (hierarchy: string, file: string, value: number | string | undefined) =>
    value !== undefined && value !== '' && writeIn(directories, hierarchy, file, value);
  set('cpu', 'cpu.shares', cpu.shares);
  set('cpu', 'cpu.idle', cpu.idle);
  // The kernel checks the quota against the period of that moment: a larger quota goes first when the period shrinks.
  if (cpu.quota !== undefined && cpu.period !== undefined) set('cpu', 'cpu.cfs_quota_us', -1);
  set('cpu', 'cpu.cfs_period_us', cpu.period);
  set('cpu', 'cpu.cfs_quota_us', cpu.quota);
  set('cpu', 'cpu.cfs_burst_us', cpu.burst);
  set('cpu', 'cpu.rt_period_us', cpu.realtimePeriod);
  set('cpu', 'cpu.rt_runtime_us', cpu.realtimeRuntime);
  set('cpuset', 'cpuset.cpus', cpu.cpus);
  set('cpuset', 'cpuset.mems', cpu.mems);
}

function updateBlockIoV1(directories: Directories, io: NonNullable<CgroupResources['blockIO']>): void {
  const directory = directories.get('blkio') ?? '';
  const prefix = exists(`${directory}/blkio.weight`) ? 'blkio' : 'blkio.bfq';
  const set = (file: string, value: string | number) => writeIn(directories, 'blkio', file, value);
  if (io.weight !== undefined && io.weight !== 0) set(`${prefix}.weight`, io.weight);
  for (const device of io.weightDevice ?? [])
    if (device.weight !== undefined) set(`${prefix}.weight_device`, `${device.major}:${device.minor} ${device.weight}`);
  const throttles: [file: string, devices: ThrottleDevice[] | undefined][] = [
    ['read_bps_device', io.throttleReadBpsDevice],
    ['write_bps_device', io.throttleWriteBpsDevice],
    ['read_iops_device', io.throttleReadIOPSDevice],
    ['write_iops_device', io.throttleWriteIOPSDevice],
  ];
  for (const [file, devices] of throttles)
    for (const device of devices ?? []) set(`blkio.throttle.${file}`, `${device.major}:${device.minor} ${device.rate}`);
}

export function updateV2(directory: string, resources: CgroupResources): void {
  const {memory, cpu, pids, blockIO} = resources;
  if (memory) updateMemoryV2(directory, memory);
  if (cpu) updateCpuV2(directory, cpu);
  if (pids?.limit !== undefined) writeTo(directory, 'pids.max', pids.limit > 0 ? pids.limit : 'max');
  if (blockIO) updateBlockIoV2(directory, blockIO);
  for (const {pageSize, limit} of resources.hugepageLimits ?? [])
    writeTo(directory, `hugetlb.${fileNamePart(pageSize)}.max`, limit);
  for (const [file, value] of Object.entries(resources.unified ?? {})) writeTo(directory, fileNamePart(file), value);
}

function updateMemoryV2(directory: string, memory: NonNullable<CgroupResources['memory']>): void {
  const {limit, swap, reservation} = memory;
  if (memory.disableOOMKiller) throw new EngineError('unimplemented', 'cgroup v2 cannot disable the OOM killer');
  if (memory.swappiness !== undefined) throw new EngineError('unimplemented', 'cgroup v2 has no memory swappiness');
  const usage = readNumber(directory, 'memory.current');
  if (memory.checkBeforeUpdate && limit !== undefined && limit >= 0 && usage !== undefined && usage > BigInt(limit))
    throw new EngineError('failed-precondition', `memory limit ${limit} is below the present use of ${usage} bytes`);
  if (swap !== undefined && swap !== 0) writeTo(directory, 'memory.swap.max', swapOnly(limit, swap));
  if (limit !== undefined && limit !== 0) writeTo(directory, 'memory.max', limit < 0 ? 'max' : limit);
  if (reservation !== undefined && reservation !== 0)
    writeTo(directory, 'memory.low', reservation < 0 ? 'max' : reservation);
}

/** The specification counts memory and swap together, v2 swap alone. */
function swapOnly(limit: number | undefined, swap: number): number | 'max' {
  if (swap < 0) return 'max';
  if (limit === undefined || limit < 0 || swap < limit)
    throw new EngineError('invalid-argument', 'a limit of memory and swap needs a lower limit of memory');
  return swap - limit;
}

function updateCpuV2(directory: string, cpu: NonNullable<CgroupResources['cpu']>): void {
  if (cpu.realtimePeriod || cpu.realtimeRuntime)
    throw new EngineError('unimplemented', 'cgroup v2 has no realtime scheduling limits');
  if (cpu.shares) writeTo(directory, 'cpu.weight', weightOfShares(cpu.shares));
  if (cpu.idle !== undefined) writeTo(directory, 'cpu.idle', cpu.idle);
  if (cpu.quota !== undefined || cpu.period !== undefined) {
    const quota = cpu.quota !== undefined && cpu.quota > 0 ? cpu.quota : 'max';
    writeTo(directory, 'cpu.max', cpu.period ? `${quota} ${cpu.period}` : `${quota}`);
  }
  if (cpu.burst !== undefined) writeTo(directory, 'cpu.max.burst', cpu.burst);
  if (cpu.cpus) writeTo(directory, 'cpuset.cpus', cpu.cpus);
  if (cpu.mems) writeTo(directory, 'cpuset.mems', cpu.mems);
}

/** cpu.shares 2 to 262144 → cpu.weight 1 to 10000, on a line, as runc and crun do. */
export function weightOfShares(shares: number): number {
  const inRange = Math.min(Math.max(shares, 2), 262_144);
  return 1 + Math.floor(((inRange - 2) * 9999) / 262_142);
}

function updateBlockIoV2(directory: string, io: NonNullable<CgroupResources['blockIO']>): void {
  const bfq = exists(`${directory}/io.bfq.weight`);
  const setWeight = (value: number, device = '') =>
    bfq
      ? writeTo(directory, 'io.bfq.weight', device + value)
      : writeTo(directory, 'io.weight', device + ioWeight(value));
  if (io.weight) setWeight(io.weight);
  for (const device of io.weightDevice ?? [])
    if (device.weight) setWeight(device.weight, `${device.major}:${device.minor} `);
  const throttles: [key: string, devices: ThrottleDevice[] | undefined][] = [
    ['rbps', io.throttleReadBpsDevice],
    ['wbps', io.throttleWriteBpsDevice],
    ['riops', io.throttleReadIOPSDevice],
    ['wiops', io.throttleWriteIOPSDevice],
  ];
  for (const [key, devices] of throttles)
    for (const {major, minor, rate} of devices ?? [])
      writeTo(directory, 'io.max', `${major}:${minor} ${key}=${rate > 0 ? rate : 'max'}`);
}

/** blkio weight 10 to 1000 → io.weight 1 to 10000. */
function ioWeight(weight: number): number {
  return 1 + Math.floor(((weight - 10) * 9999) / 990);
}

function writeIn(directories: Directories, hierarchy: Hierarchy, file: string, value: string | number): void {
  const directory = directories.get(hierarchy);
  if (directory === undefined)
    throw new EngineError('unimplemented', `cgroup controller is not mounted: ${hierarchy} (for ${file})`);
  writeTo(directory, file, value);
}

function writeTo(directory: string, file: string, value: string | number): void {
  const path = `${directory}/${file}`;
  // A missing file in an existing cgroup means that the kernel, or this cgroup, does not have the limit.
  if (!exists(path) && exists(directory))
    throw new EngineError(
      'unimplemented',
      `this cgroup has no ${file}: the kernel or the parent cgroup lacks the controller`,
    );
  writeKernelFile(path, String(value));
}

function fileNamePart(name: string): string {
  if (name !== '' && !name.includes('/') && !name.includes('\0')) return name;
  throw new EngineError('invalid-argument', `invalid name of a cgroup file: ${JSON.stringify(name)}`);
}
