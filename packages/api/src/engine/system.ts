/** The daemon itself: /info, /version, /events, /system/df. */
import type {ContainerSummary} from './container.ts';
import type {BuildCacheRecord, ImageSummary} from './image.ts';
import type {Volume} from './volume.ts';

/** Answer of GET /info. */
export interface SystemInfo {
  ID: string;
  Containers: number;
  ContainersRunning: number;
  ContainersPaused: number;
  ContainersStopped: number;
  Images: number;
  Driver: string;
  DriverStatus: [string, string][];
  /** Old. */
  SystemStatus?: [string, string][] | null;
  Plugins: PluginsInfo;
  MemoryLimit: boolean;
  SwapLimit: boolean;
  /** cgroup v1 */
  KernelMemory?: boolean;
  KernelMemoryTCP?: boolean;
  CpuCfsPeriod: boolean;
  CpuCfsQuota: boolean;
  CPUShares: boolean;
  CPUSet: boolean;
  PidsLimit: boolean;
  IPv4Forwarding: boolean;
  /** Until API 1.49. */
  BridgeNfIptables?: boolean;
  BridgeNfIp6tables?: boolean;
  Debug: boolean;
  NFd: number;
  OomKillDisable: boolean;
  NGoroutines: number;
  SystemTime: string;
  LoggingDriver: string;
  CgroupDriver: 'cgroupfs' | 'systemd' | 'none';
  CgroupVersion?: '1' | '2';
  NEventsListener: number;
  KernelVersion: string;
  OperatingSystem: string;
  OSVersion: string;
  OSType: string;
  Architecture: string;
  IndexServerAddress: string;
  RegistryConfig: RegistryServiceConfig | null;
  NCPU: number;
  /** bytes */
  MemTotal: number;
  GenericResources: GenericResource[] | null;
  DockerRootDir: string;
  HttpProxy: string;
  HttpsProxy: string;
  NoProxy: string;
  Name: string;
  Labels: string[];
  ExperimentalBuild: boolean;
  ServerVersion: string;
  Runtimes: Record<string, RuntimeInfo>;
  DefaultRuntime: string;
  Swarm: SwarmInfo;
  LiveRestoreEnabled: boolean;
  Isolation: '' | 'default' | 'hyperv' | 'process';
  InitBinary: string;
  ContainerdCommit: Commit;
  RuncCommit: Commit;
  InitCommit: Commit;
  /** `name=seccomp,profile=builtin` */
  SecurityOptions: string[];
  ProductLicense?: string;
  DefaultAddressPools?: {Base: string; Size: number}[];
  FirewallBackend?: {Driver: string; Info?: [string, string][]};
  CDISpecDirs: string[] | null;
  DiscoveredDevices?: {Source: string; ID: string}[];
  Containerd?: {Address: string; Namespaces: {Containers: string; Plugins: string}};
  Warnings: string[] | null;
}

/** Names of what can be chosen. */
export interface PluginsInfo {
  Volume: string[] | null;
  Network: string[] | null;
  Authorization: string[] | null;
  Log: string[] | null;
}

export interface RegistryServiceConfig {
  /** By host. */
  IndexConfigs: Record<string, RegistryIndexInfo>;
  InsecureRegistryCIDRs: string[];
  Mirrors: string[] | null;
}

export interface RegistryIndexInfo {
  Mirrors: string[] | null;
  Name: string;
  Official: boolean;
  Secure: boolean;
}

/** A swarm node's user-defined resource. */
export interface GenericResource {
  NamedResourceSpec?: {Kind: string; Value: string};
  DiscreteResourceSpec?: {Kind: string; Value: number};
}

/** A configured OCI runtime, or a shim with options. `status` has its features as JSON text. */
export interface RuntimeInfo {
  path?: string;
  runtimeArgs?: string[];
  runtimeType?: string;
  options?: Record<string, unknown>;
  status?: Record<string, string>;
}

/** `Expected` until API 1.48. */
export interface Commit {
  ID: string;
  Expected?: string;
}

/** This daemon's part in a swarm; `LocalNodeState` is `inactive` without one. */
export interface SwarmInfo {
  NodeID: string;
  NodeAddr: string;
  LocalNodeState: '' | 'inactive' | 'pending' | 'active' | 'error' | 'locked';
  ControlAvailable: boolean;
  Error: string;
  RemoteManagers: {NodeID: string; Addr: string}[] | null;
  Nodes?: number;
  Managers?: number;
  Cluster?: object;
  Warnings?: string[];
}

/** Answer of GET /version; the flat keys repeat the component `Engine`. */
export interface SystemVersion {
  Platform: {Name: string};
  Components: ComponentVersion[];
  Version: string;
  ApiVersion: string;
  MinAPIVersion: string;
  GitCommit: string;
  GoVersion: string;
  Os: string;
  Arch: string;
  KernelVersion?: string;
  Experimental?: boolean;
  BuildTime?: string;
}

export interface ComponentVersion {
  Name: string;
  Version: string;
  Details?: Record<string, string> | null;
}

export type EventType =
  | 'builder'
  | 'config'
  | 'container'
  | 'daemon'
  | 'image'
  | 'network'
  | 'node'
  | 'plugin'
  | 'secret'
  | 'service'
  | 'volume';

/** A line of GET /events. */
export interface EventMessage {
  /** The first three repeat Action, Actor.ID and the image, for containers and images only. */
  status?: string;
  id?: string;
  from?: string;
  Type: EventType;
  /** Also with a detail: `exec_start: sh`, `health_status: healthy`. */
  Action: string;
  Actor: {ID: string; Attributes: Record<string, string> | null};
  scope: 'local' | 'swarm';
  /** Unix seconds. */
  time: number;
  /** Unix nanoseconds; JSON.parse rounds it to 256 ns, and a daemon must write its digits itself. */
  timeNano: number;
}

/** Answer of GET /system/df; with `type=` the other lists are null. */
export interface DiskUsage {
  /** bytes */
  LayersSize: number;
  Images: ImageSummary[] | null;
  Containers: ContainerSummary[] | null;
  Volumes: Volume[] | null;
  BuildCache: BuildCacheRecord[] | null;
}
