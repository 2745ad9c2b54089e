/** cgroup limits of the spec, and of an update. */
import type {LinuxDeviceCgroup, LinuxResources} from '@longshore/api/oci';
import {EngineError} from '@longshore/errdefs';
import type {HostConfig} from '../documents/host-config.ts';

/** The part of HostConfig that becomes limits. */
export type Limits = Pick<
  HostConfig,
  | 'CpuShares'
  | 'Memory'
  | 'NanoCpus'
  | 'BlkioWeight'
  | 'CpuPeriod'
  | 'CpuQuota'
  | 'CpuRealtimePeriod'
  | 'CpuRealtimeRuntime'
  | 'CpusetCpus'
  | 'CpusetMems'
  | 'KernelMemory'
  | 'KernelMemoryTCP'
  | 'MemoryReservation'
  | 'MemorySwap'
  | 'MemorySwappiness'
  | 'OomKillDisable'
  | 'PidsLimit'
>;

export interface BlockDevice {
  major: number;
  minor: number;
}

/** Finds the numbers of a block device by its path on the host. */
export type BlockDeviceLookup = (path: string) => BlockDevice;

/** `--cpus 1.5` is this many microseconds of quota in each period of 100 ms. */
const nanoCpuPeriod = 100_000;

const standardRules: readonly LinuxDeviceCgroup[] = [
  {allow: false, access: 'rwm'},
  {allow: true, type: 'c', major: 1, minor: 5, access: 'rwm'},
  {allow: true, type: 'c', major: 1, minor: 3, access: 'rwm'},
  {allow: true, type: 'c', major: 1, minor: 9, access: 'rwm'},
  {allow: true, type: 'c', major: 1, minor: 8, access: 'rwm'},
  {allow: true, type: 'c', major: 5, minor: 0, access: 'rwm'},
  {allow: true, type: 'c', major: 5, minor: 1, access: 'rwm'},
  {allow: false, type: 'c', major: 10, minor: 229, access: 'rwm'},
];

/** Device rules: null, zero, full, random, urandom and the ttys. Docker writes them twice for unprivileged ones. */
export function deviceRules(privileged: boolean, extra: readonly LinuxDeviceCgroup[]): LinuxDeviceCgroup[] {
  return privileged ? [...standardRules, {allow: true, access: 'rwm'}] : [...standardRules, ...standardRules, ...extra];
}

/** `c 13:* rwm` as a rule. Throws `invalid device cgroup rule format: 'x'`. */
export function parseDeviceCgroupRule(rule: string): LinuxDeviceCgroup {
  const match = /^([acb]) ([0-9]+|\*):([0-9]+|\*) ([rwm]{1,3})$/.exec(rule);
  if (!match) throw new EngineError('invalid-argument', `invalid device cgroup rule format: '${rule}'`);
  const [, type, major, minor, access] = match;
  return {
    allow: true,
    type: type as 'a' | 'b' | 'c',
    ...(major === '*' ? {} : {major: Number(major)}),
    ...(minor === '*' ? {} : {minor: Number(minor)}),
    access: access as string,
  };
}

/** The limits that were given; what is zero or null stays out, as Docker writes it. */
export function limitsToOci(limits: Limits): LinuxResources {
  return {...memoryOf(limits), ...cpuOf(limits), ...pidsOf(limits)};
}

/** Weights and throttles of block devices; `{}` without any, which Docker writes too. */
export function blockIoToOci(host: HostConfig, find: BlockDeviceLookup): NonNullable<LinuxResources['blockIO']> {
  const throttles = (list: HostConfig['BlkioDeviceReadBps']) =>
    list?.map(({Path, Rate}) => ({...find(Path), rate: Rate}));
  return given({
    weight: host.BlkioWeight || undefined,
    weightDevice: nonEmpty(host.BlkioWeightDevice?.map(({Path, Weight}) => ({...find(Path), weight: Weight}))),
    throttleReadBpsDevice: nonEmpty(throttles(host.BlkioDeviceReadBps)),
    throttleWriteBpsDevice: nonEmpty(throttles(host.BlkioDeviceWriteBps)),
    throttleReadIOPSDevice: nonEmpty(throttles(host.BlkioDeviceReadIOps)),
    throttleWriteIOPSDevice: nonEmpty(throttles(host.BlkioDeviceWriteIOps)),
  });
}

function memoryOf(limits: Limits): Pick<LinuxResources, 'memory'> {
  const memory = given({
    limit: limits.Memory || undefined,
    reservation: limits.MemoryReservation || undefined,
    swap: limits.MemorySwap || undefined,
    kernel: limits.KernelMemory || undefined,
    kernelTCP: limits.KernelMemoryTCP || undefined,
    swappiness: limits.MemorySwappiness !== null && limits.MemorySwappiness >= 0 ? limits.MemorySwappiness : undefined,
    disableOOMKiller: limits.OomKillDisable ?? undefined,
  });
  return isEmpty(memory) ? {} : {memory};
}

function cpuOf(limits: Limits): Pick<LinuxResources, 'cpu'> {
  const {NanoCpus: nano} = limits;
  // The kernel has no such weight, and the file of the runtime no such number.
  if (limits.CpuShares < 0) throw new EngineError('unknown', 'shares: invalid argument');
  const cpu = given({
    shares: limits.CpuShares || undefined,
    quota: nano > 0 ? Math.floor((nano * nanoCpuPeriod) / 1e9) : limits.CpuQuota || undefined,
    period: nano > 0 ? nanoCpuPeriod : limits.CpuPeriod || undefined,
    realtimeRuntime: limits.CpuRealtimeRuntime || undefined,
    realtimePeriod: limits.CpuRealtimePeriod || undefined,
    cpus: limits.CpusetCpus || undefined,
    mems: limits.CpusetMems || undefined,
  });
  return isEmpty(cpu) ? {} : {cpu};
}

/** Both 0 and -1 mean unlimited, which the runtime is told as -1. */
function pidsOf({PidsLimit: limit}: Limits): Pick<LinuxResources, 'pids'> {
  return limit === null ? {} : {pids: {limit: limit > 0 ? limit : -1}};
}

/** Leaves out what is undefined. */
function given<T extends object>(value: T): {[K in keyof T]?: NonNullable<T[K]>} {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}

function nonEmpty<T>(list: T[] | undefined): T[] | undefined {
  return list?.length ? list : undefined;
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}
