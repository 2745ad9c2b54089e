/** runtime-spec: the `linux` object of config.json. */
import type {LinuxResources} from './resources.ts';
import type {LinuxSeccomp} from './seccomp.ts';

/** Everything that is particular to Linux, besides the process. */
export interface Linux {
  uidMappings?: IdMapping[];
  gidMappings?: IdMapping[];
  /** Keys with dots: `net.ipv4.ip_unprivileged_port_start`. */
  sysctl?: Record<string, string>;
  resources?: LinuxResources;
  /** A path below the cgroup root, or `slice:prefix:name` with the systemd driver. */
  cgroupsPath?: string;
  namespaces?: LinuxNamespace[];
  devices?: LinuxDevice[];
  /** Host interface name to move into the container → what becomes of it (spec 1.3). */
  netDevices?: Record<string, {name?: string}>;
  seccomp?: LinuxSeccomp;
  /** Propagation of `/`: `rprivate`, `rslave`, `rshared`, ... */
  rootfsPropagation?: string;
  maskedPaths?: string[];
  readonlyPaths?: string[];
  /** SELinux context of the mounts. */
  mountLabel?: string;
  intelRdt?: LinuxIntelRdt;
  /** set_mempolicy(2) (spec 1.3) */
  memoryPolicy?: {mode: string; nodes?: string; flags?: string[]};
  personality?: {domain: 'LINUX' | 'LINUX32'; flags?: string[]};
  /** For a new time namespace, by clock name. */
  timeOffsets?: Record<string, {secs?: number; nanosecs?: number}>;
}

/** A line of /proc/PID/uid_map or gid_map. */
export interface IdMapping {
  containerID: number;
  hostID: number;
  size: number;
}

/** The namespaces the spec knows. */
export type LinuxNamespaceType = 'pid' | 'network' | 'mount' | 'ipc' | 'uts' | 'user' | 'cgroup' | 'time';

/** With `path` an existing namespace is joined, without one a new one is made; a type not listed is inherited. */
export interface LinuxNamespace {
  type: LinuxNamespaceType;
  path?: string;
}

/** A device node to make. */
export interface LinuxDevice {
  path: string;
  /** char, block, unbuffered char, fifo */
  type: 'c' | 'b' | 'u' | 'p';
  /** Absent for a fifo only. */
  major?: number;
  minor?: number;
  /** Permission bits as a decimal number; Docker writes them with the file type (8630 is 0o20666). */
  fileMode?: number;
  uid?: number;
  gid?: number;
}

/** resctrl groups. */
export interface LinuxIntelRdt {
  closID?: string;
  schemata?: string[];
  l3CacheSchema?: string;
  memBwSchema?: string;
  enableMonitoring?: boolean;
  enableCMT?: boolean;
  enableMBM?: boolean;
}
