/**
 * Checks of limits against what the kernel can do. A limit that it lacks is dropped with a warning, a value that makes
 * no sense is refused: both with Docker's words.
 */
import {EngineError} from '@longshore/errdefs';
import type {CgroupFacts} from '../../system/host-facts.ts';
import type {HostConfig} from '../documents/host-config.ts';
import {parseCpuList} from './cpu-list.ts';

export const minimumMemory = 6 * 1024 * 1024;

type Check = (host: HostConfig, facts: {cgroup: CgroupFacts; cpus: number}, warn: (text: string) => void) => void;

const unsupported = (what: string) => `Your kernel does not support ${what} or the cgroup is not mounted.`;

/** Drops what the kernel cannot do from `host` and returns the warnings. Throws `invalid-argument`. */
export function verifyLimits(
  host: HostConfig,
  facts: {cgroup: CgroupFacts; cpus: number},
  isUpdate: boolean,
): string[] {
  const warnings: string[] = [];
  const checks = [
    dropUnsupportedMemory,
    isUpdate ? checkMemoryOfUpdate : checkMemory,
    checkKernelMemory,
    dropCpuPercent,
    checkOom,
    checkPids,
    checkNanoCpus,
    checkCpu,
    checkCpuset,
    checkBlkio,
  ];
  for (const check of checks) check(host, facts, text => warnings.push(text));
  return warnings;
}

const dropUnsupportedMemory: Check = (host, {cgroup}, warn) => {
  if (host.Memory > 0 && !cgroup.memoryLimit) {
    warn(`${unsupported('memory limit capabilities')} Limitation discarded.`);
    host.Memory = 0;
    host.MemorySwap = -1;
  }
  if (host.Memory > 0 && host.MemorySwap !== -1 && !cgroup.swapLimit) {
    warn(`${unsupported('swap limit capabilities')} Memory limited without swap.`);
    host.MemorySwap = -1;
  }
  if ((host.MemorySwappiness ?? -1) !== -1 && !cgroup.memorySwappiness) {
    warn(`${unsupported('memory swappiness capabilities')} Memory swappiness discarded.`);
    host.MemorySwappiness = null;
  }
  if (host.MemoryReservation > 0 && !cgroup.memoryReservation) {
    warn(`${unsupported('memory soft limit capabilities')} Limitation discarded.`);
    host.MemoryReservation = 0;
  }
};

const checkMemory: Check = host => {
  if (host.Memory === 0 && host.MemorySwap > 0) {
    refuse('You should always set the Memory limit when using Memoryswap limit, see usage');
  }
  checkMemoryValues(host);
};

const checkMemoryOfUpdate: Check = host => checkMemoryValues(host);

function checkMemoryValues(host: HostConfig): void {
  if (host.Memory !== 0 && host.Memory < minimumMemory) refuse('Minimum memory limit allowed is 6MB');
  if (host.Memory > 0 && host.MemorySwap > 0 && host.MemorySwap < host.Memory) {
    refuse('Minimum memoryswap limit should be larger than memory limit, see usage');
  }
  const swappiness = host.MemorySwappiness ?? -1;
  if (swappiness < -1 || swappiness > 100) {
    refuse(`Invalid value: ${swappiness}, valid memory swappiness range is 0-100`);
  }
  if (host.MemoryReservation > 0 && host.MemoryReservation < minimumMemory) {
    refuse('Minimum memory reservation allowed is 6MB');
  }
  if (host.Memory > 0 && host.MemoryReservation > 0 && host.Memory < host.MemoryReservation) {
    refuse('Minimum memory limit can not be less than memory reservation limit, see usage');
  }
}

const checkKernelMemory: Check = (host, {cgroup}, warn) => {
  if (host.KernelMemory > 0 && !cgroup.kernelMemory) {
    warn(`${unsupported('kernel memory limit capabilities')} Limitation discarded.`);
    host.KernelMemory = 0;
  }
  if (host.KernelMemory > 0) {
    warn('Specifying a kernel memory limit is deprecated and will be removed in a future release.');
  }
  if (host.KernelMemory > 0 && host.KernelMemory < minimumMemory) {
    refuse('Minimum kernel memory limit allowed is 6MB');
  }
  if (host.KernelMemoryTCP > 0 && !cgroup.kernelMemoryTcp) {
    warn(`${unsupported('kernel memory TCP limit capabilities')} Limitation discarded.`);
    host.KernelMemoryTCP = 0;
  }
};

const dropCpuPercent: Check = (host, _facts, warn) => {
  if (host.CpuPercent <= 0) return;
  warn('linux does not support CPU percent. Percent discarded.');
  host.CpuPercent = 0;
};

const checkOom: Check = (host, {cgroup}, warn) => {
  if (host.OomKillDisable && !cgroup.oomKillDisable) {
    warn('Your kernel does not support OomKillDisable. OomKillDisable discarded.');
    host.OomKillDisable = null;
  }
  if (host.OomKillDisable && host.Memory === 0) {
    warn(
      'OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.',
    );
  }
};

const checkPids: Check = (host, {cgroup}, warn) => {
  if ((host.PidsLimit ?? 0) > 0 && !cgroup.pids) {
    warn(`${unsupported('PIDs limit capabilities')} PIDs limit discarded.`);
    host.PidsLimit = null;
  }
};

const checkNanoCpus: Check = (host, {cgroup, cpus}, warn) => {
  if (host.NanoCpus === 0) return;
  if (host.CpuPeriod > 0) refuse('Conflicting options: Nano CPUs and CPU Period cannot both be set');
  if (host.CpuQuota > 0) refuse('Conflicting options: Nano CPUs and CPU Quota cannot both be set');
  if (!cgroup.cpuCfs && cgroup.rootless) {
    warn('CPU CFS scheduler not supported. NanoCPUs discarded.');
    host.NanoCpus = 0;
    return;
  }
  if (!cgroup.cpuCfs) {
    refuse('NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler or the cgroup is not mounted');
  }
  if (host.NanoCpus < 0 || host.NanoCpus > cpus * 1e9) {
    refuse(`range of CPUs is from 0.01 to ${cpus}.00, as there are only ${cpus} CPUs available`);
  }
};

const checkCpu: Check = (host, {cgroup}, warn) => {
  if (host.CpuShares > 0 && !cgroup.cpuShares) {
    warn(`${unsupported('CPU shares')} Shares discarded.`);
    host.CpuShares = 0;
  }
  if ((host.CpuPeriod !== 0 || host.CpuQuota !== 0) && !cgroup.cpuCfs) {
    warn('CPU CFS scheduler not supported. Period/Quota discarded.');
    host.CpuPeriod = 0;
    host.CpuQuota = 0;
  }
  if (host.CpuPeriod !== 0 && (host.CpuPeriod < 1000 || host.CpuPeriod > 1_000_000)) {
    refuse('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)');
  }
  if (host.CpuQuota > 0 && host.CpuQuota < 1000) refuse('CPU cfs quota can not be less than 1ms (i.e. 1000)');
  checkRealtime(host, cgroup);
};

function checkRealtime(host: HostConfig, cgroup: CgroupFacts): void {
  if ((host.CpuRealtimePeriod !== 0 || host.CpuRealtimeRuntime !== 0) && !cgroup.cpuRealtime) {
    refuse('kernel does not support CPU real-time scheduler');
  }
  if (host.CpuRealtimePeriod !== 0 && host.CpuRealtimeRuntime > host.CpuRealtimePeriod) {
    refuse('cpu real-time runtime cannot be higher than cpu real-time period');
  }
}

const checkCpuset: Check = (host, {cgroup}, warn) => {
  if ((host.CpusetCpus !== '' || host.CpusetMems !== '') && !cgroup.cpuset) {
    warn(`${unsupported('cpuset')} Cpuset discarded.`);
    host.CpusetCpus = '';
    host.CpusetMems = '';
  }
  checkAvailable(host.CpusetCpus, cgroup.cpusetCpus, 'CPUs', 'cpus');
  checkAvailable(host.CpusetMems, cgroup.cpusetMems, 'memory nodes', 'mems');
};

function checkAvailable(wanted: string, available: string, what: string, name: string): void {
  if (wanted === '') return;
  const asked = parseCpuList(wanted);
  if (!asked) refuse(`Invalid value ${wanted} for cpuset ${name}: invalid format: ${wanted}`);
  const present = parseCpuList(available);
  if (present && ![...asked].every(each => present.has(each))) {
    refuse(`Requested ${what} are not available - requested ${wanted}, available: ${available}`);
  }
}

const checkBlkio: Check = (host, {cgroup}, warn) => {
  if (host.BlkioWeight > 0 && !cgroup.blkioWeight) {
    warn(`${unsupported('Block I/O weight')} Weight discarded.`);
    host.BlkioWeight = 0;
  }
  if (host.BlkioWeight > 0 && (host.BlkioWeight < 10 || host.BlkioWeight > 1000)) {
    refuse('Range of blkio weight is from 10 to 1000');
  }
  const lists = [
    ['BlkioWeightDevice', cgroup.blkioWeightDevice, 'Block I/O weight_device', 'Weight-device'],
    ['BlkioDeviceReadBps', cgroup.blkioReadBps, 'BPS Block I/O read limit', 'Block I/O BPS read limit'],
    ['BlkioDeviceWriteBps', cgroup.blkioWriteBps, 'BPS Block I/O write limit', 'Block I/O BPS write limit'],
    ['BlkioDeviceReadIOps', cgroup.blkioReadIops, 'IOPS Block read limit', 'Block I/O IOPS read limit'],
    ['BlkioDeviceWriteIOps', cgroup.blkioWriteIops, 'IOPS Block write limit', 'Block I/O IOPS write limit'],
  ] as const;
  for (const [field, has, what, label] of lists) {
    if (!host[field]?.length || has) continue;
    warn(`${unsupported(what)} ${label} discarded.`);
    host[field] = [];
  }
};

function refuse(message: string): never {
  throw new EngineError('invalid-argument', message);
}
