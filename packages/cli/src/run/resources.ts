/** cgroup limits of a new container. */
import type {DeviceRequest, Resources, ThrottleDevice, WeightDevice} from '@longshore/api/engine';
import type {ParsedDevices} from './devices.ts';
import type {ContainerFlags} from './flags.ts';

/** Throws an Error with Docker's text for a value out of range. */
export function resources(flags: ContainerFlags, devices: ParsedDevices, gpus: DeviceRequest[]): Resources {
  const swappiness = flags['memory-swappiness'];
  if (swappiness !== -1 && (swappiness < 0 || swappiness > 100)) {
    throw new Error(`invalid value: ${swappiness}. Valid memory swappiness range is 0-100`);
  }
  const requests = [...gpus, ...devices.requests];
  const rules = flags['device-cgroup-rule'];
  return {
    CpuShares: flags['cpu-shares'],
    Memory: flags.memory,
    NanoCpus: flags.cpus,
    CgroupParent: flags['cgroup-parent'],
    BlkioWeight: flags['blkio-weight'],
    BlkioWeightDevice: flags['blkio-weight-device'] as WeightDevice[],
    BlkioDeviceReadBps: flags['device-read-bps'] as ThrottleDevice[],
    BlkioDeviceWriteBps: flags['device-write-bps'] as ThrottleDevice[],
    BlkioDeviceReadIOps: flags['device-read-iops'] as ThrottleDevice[],
    BlkioDeviceWriteIOps: flags['device-write-iops'] as ThrottleDevice[],
    CpuPeriod: flags['cpu-period'],
    CpuQuota: flags['cpu-quota'],
    CpuRealtimePeriod: flags['cpu-rt-period'],
    CpuRealtimeRuntime: flags['cpu-rt-runtime'],
    CpusetCpus: flags['cpuset-cpus'],
    CpusetMems: flags['cpuset-mems'],
    Devices: devices.mappings,
    DeviceCgroupRules: rules.length > 0 ? rules : null,
    DeviceRequests: requests.length > 0 ? requests : null,
    ...(flags['kernel-memory'] > 0 && {KernelMemory: flags['kernel-memory']}),
    MemoryReservation: flags['memory-reservation'],
    MemorySwap: flags['memory-swap'],
    MemorySwappiness: swappiness,
    OomKillDisable: flags['oom-kill-disable'],
    PidsLimit: flags['pids-limit'],
    Ulimits: flags.ulimit,
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
  };
}
