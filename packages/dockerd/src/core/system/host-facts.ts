/** What the daemon knows about the machine: read once at start by drivers/host. */

export interface HostFacts {
  kernelVersion: string;
  /** PRETTY_NAME of os-release, and its VERSION_ID. */
  operatingSystem: string;
  osVersion: string;
  /** As uname says: `x86_64`; and as images say: `amd64`. */
  machine: string;
  architecture: string;
  /** CPUs that are online. */
  cpus: number;
  memoryBytes: number;
  cgroup: CgroupFacts;
  /** True when systemd is the init process: cgroups are its to give. */
  systemd: boolean;
  seccomp: boolean;
  /** In the kernel, switched on, and with a parser to load profiles. */
  apparmor: boolean;
  selinux: boolean;
}

/** Which limits the kernel can set. A limit that it cannot is dropped with a warning at create, as Docker does. */
export interface CgroupFacts {
  version: 1 | 2;
  /** Only what the host's root has delegated counts. */
  rootless?: boolean;
  memoryLimit: boolean;
  swapLimit: boolean;
  memoryReservation: boolean;
  memorySwappiness: boolean;
  oomKillDisable: boolean;
  kernelMemory: boolean;
  kernelMemoryTcp: boolean;
  cpuShares: boolean;
  cpuCfs: boolean;
  cpuRealtime: boolean;
  cpuset: boolean;
  /** Lists as `0-3`. */
  cpusetCpus: string;
  cpusetMems: string;
  pids: boolean;
  blkioWeight: boolean;
  blkioWeightDevice: boolean;
  blkioReadBps: boolean;
  blkioWriteBps: boolean;
  blkioReadIops: boolean;
  blkioWriteIops: boolean;
}
