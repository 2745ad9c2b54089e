/** runtime-spec: cgroup limits, in config.json and in updates (`types.containerd.io/.../LinuxResources`). */

/** Numbers follow cgroup v1 (`cpu.shares`, `blkio.weight`); the runtime converts them for v2. */
export interface LinuxResources {
  devices?: LinuxDeviceCgroup[];
  memory?: LinuxMemory;
  cpu?: LinuxCpu;
  pids?: LinuxPids;
  blockIO?: LinuxBlockIo;
  hugepageLimits?: LinuxHugepageLimit[];
  network?: LinuxNetwork;
  /** By device name, `mlx5_1`. */
  rdma?: Record<string, {hcaHandles?: number; hcaObjects?: number}>;
  /** cgroup v2 file name → content. */
  unified?: Record<string, string>;
}

/** One rule; later ones win. An absent `major` or `minor` means all. */
export interface LinuxDeviceCgroup {
  allow: boolean;
  type?: 'a' | 'c' | 'b';
  major?: number;
  minor?: number;
  /** Some of `rwm`. */
  access?: string;
}

/** Bytes; -1 is unlimited. */
export interface LinuxMemory {
  limit?: number;
  /** Soft limit. */
  reservation?: number;
  /** Memory and swap together. */
  swap?: number;
  kernel?: number;
  kernelTCP?: number;
  /** 0 to 100 */
  swappiness?: number;
  disableOOMKiller?: boolean;
  useHierarchy?: boolean;
  /** Refuse a new limit below the present use. */
  checkBeforeUpdate?: boolean;
}

/** Times in microseconds. */
export interface LinuxCpu {
  shares?: number;
  quota?: number;
  burst?: number;
  period?: number;
  realtimeRuntime?: number;
  realtimePeriod?: number;
  /** Lists as `0-2,7`. */
  cpus?: string;
  mems?: string;
  /** SCHED_IDLE for the whole cgroup: 0 or 1. */
  idle?: number;
}

/** 0 or -1 is unlimited (Docker writes -1). */
export interface LinuxPids {
  limit?: number;
}

/** Weights 10 to 1000. */
export interface LinuxBlockIo {
  weight?: number;
  leafWeight?: number;
  weightDevice?: LinuxWeightDevice[];
  throttleReadBpsDevice?: LinuxThrottleDevice[];
  throttleWriteBpsDevice?: LinuxThrottleDevice[];
  throttleReadIOPSDevice?: LinuxThrottleDevice[];
  throttleWriteIOPSDevice?: LinuxThrottleDevice[];
}

/** Weight of one block device. */
export interface LinuxWeightDevice {
  major: number;
  minor: number;
  weight?: number;
  leafWeight?: number;
}

/** Bytes or operations each second on one block device. */
export interface LinuxThrottleDevice {
  major: number;
  minor: number;
  rate: number;
}

/** `pageSize` as in the cgroup file name: `2MB`. */
export interface LinuxHugepageLimit {
  pageSize: string;
  /** bytes */
  limit: number;
}

/** net_cls and net_prio of cgroup v1. */
export interface LinuxNetwork {
  classID?: number;
  priorities?: {name: string; priority: number}[];
}
