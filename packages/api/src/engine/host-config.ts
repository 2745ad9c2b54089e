/** How a container uses this host: limits, namespaces, devices, ports, logging. `HostConfig` of an inspect. */
import type {MountRequest} from './mount.ts';

/** cgroup limits; also the body of POST /containers/{id}/update (0 and null leave a value as it is there). */
export interface Resources {
  CpuShares: number;
  /** bytes */
  Memory: number;
  /** 10^9 is one CPU; excludes CpuPeriod and CpuQuota. */
  NanoCpus: number;
  CgroupParent: string;
  /** 10 to 1000, 0 is unset. */
  BlkioWeight: number;
  BlkioWeightDevice: WeightDevice[] | null;
  BlkioDeviceReadBps: ThrottleDevice[] | null;
  BlkioDeviceWriteBps: ThrottleDevice[] | null;
  BlkioDeviceReadIOps: ThrottleDevice[] | null;
  BlkioDeviceWriteIOps: ThrottleDevice[] | null;
  /** microseconds */
  CpuPeriod: number;
  CpuQuota: number;
  CpuRealtimePeriod: number;
  CpuRealtimeRuntime: number;
  /** Lists as `0-2,7`. */
  CpusetCpus: string;
  CpusetMems: string;
  Devices: DeviceMapping[] | null;
  /** Lines as `c 13:* rwm`. */
  DeviceCgroupRules: string[] | null;
  DeviceRequests: DeviceRequest[] | null;
  /** bytes; accepted from clients before API 1.42 */
  KernelMemory?: number;
  /** bytes */
  KernelMemoryTCP?: number;
  /** bytes, soft limit */
  MemoryReservation: number;
  /** bytes, memory and swap together; -1 is unlimited */
  MemorySwap: number;
  /** 0 to 100; the CLI sends -1 for unset. */
  MemorySwappiness: number | null;
  OomKillDisable: boolean | null;
  /** 0 or -1 is unlimited; null leaves it as it is. */
  PidsLimit: number | null;
  Ulimits: Ulimit[] | null;
  /** The four that follow are for Windows. */
  CpuCount: number;
  CpuPercent: number;
  IOMaximumIOps: number;
  IOMaximumBandwidth: number;
}

/** Everything about the host that is not in the image. */
export interface HostConfig extends Resources {
  /** `source:destination[:options]`; source is a path or a volume name. */
  Binds: string[] | null;
  /** Only used by the CLI. */
  ContainerIDFile: string;
  LogConfig: LogConfig;
  /** `default`, `bridge`, `host`, `none`, `container:<id>` or a network's name. */
  NetworkMode: string;
  PortBindings: PortMap | null;
  RestartPolicy: RestartPolicy;
  AutoRemove: boolean;
  VolumeDriver: string;
  /** `container[:ro]` */
  VolumesFrom: string[] | null;
  Mounts?: MountRequest[] | null;
  /** Height and width of the client's terminal. */
  ConsoleSize: [number, number];
  Annotations?: Record<string, string> | null;
  /** Names with or without `CAP_`, or `ALL`. */
  CapAdd: string[] | null;
  CapDrop: string[] | null;
  CgroupnsMode: '' | 'private' | 'host';
  Dns: string[] | null;
  DnsOptions: string[] | null;
  DnsSearch: string[] | null;
  /** `name:address`; the address `host-gateway` is resolved by the daemon. */
  ExtraHosts: string[] | null;
  GroupAdd: string[] | null;
  /** ``, `none`, `private`, `shareable`, `host` or `container:<id>`. */
  IpcMode: string;
  /** `` or `container:<id>` */
  Cgroup: string;
  /** `name:alias` */
  Links: string[] | null;
  /** -1000 to 1000 */
  OomScoreAdj: number;
  /** ``, `host` or `container:<id>` */
  PidMode: string;
  Privileged: boolean;
  PublishAllPorts: boolean;
  ReadonlyRootfs: boolean;
  /** `no-new-privileges`, `seccomp=...`, `apparmor=...`, `label=...`, `systempaths=unconfined`, ... */
  SecurityOpt: string[] | null;
  StorageOpt?: Record<string, string> | null;
  /** Path in the container → mount options. */
  Tmpfs?: Record<string, string> | null;
  UTSMode: '' | 'host';
  UsernsMode: '' | 'host';
  /** bytes of /dev/shm */
  ShmSize: number;
  Sysctls?: Record<string, string> | null;
  /** Name of a configured runtime, or of a shim. */
  Runtime?: string | null;
  /** Windows */
  Isolation: '' | 'default' | 'process' | 'hyperv';
  /** null is the default list, `[]` masks nothing. */
  MaskedPaths: string[] | null;
  ReadonlyPaths: string[] | null;
  /** null or absent is the daemon's default. */
  Init?: boolean | null;
}

/** `Path` is a block device of the host. */
export interface WeightDevice {
  Path: string;
  Weight: number;
}

/** Bytes or operations each second. */
export interface ThrottleDevice {
  Path: string;
  Rate: number;
}

/** --device */
export interface DeviceMapping {
  PathOnHost: string;
  PathInContainer: string;
  /** Some of `rwm`. */
  CgroupPermissions: string;
}

/** --gpus and CDI devices. */
export interface DeviceRequest {
  Driver: string;
  /** -1 is all. */
  Count: number;
  DeviceIDs: string[] | null;
  /** An OR of ANDs. */
  Capabilities: string[][] | null;
  Options: Record<string, string> | null;
}

/** `Name` without `RLIMIT_`: `nofile`. -1 is unlimited. */
export interface Ulimit {
  Name: string;
  Hard: number;
  Soft: number;
}

/** A logging driver and its options; an empty type is the daemon's default. */
export interface LogConfig {
  Type: string;
  Config: Record<string, string> | null;
}

/** An empty name is `no`. */
export interface RestartPolicy {
  Name: '' | 'no' | 'always' | 'unless-stopped' | 'on-failure';
  /** For `on-failure`; 0 is without end. */
  MaximumRetryCount: number;
}

/** Keys `80/tcp`. In NetworkSettings null is an exposed port that is not published. */
export type PortMap = Record<string, PortBinding[] | null>;

/** An empty port lets the daemon choose; a request may give a range (`8000-8010`). */
export interface PortBinding {
  HostIp: string;
  HostPort: string;
}
