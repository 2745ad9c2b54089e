/** Containers: create, inspect, list, wait and the smaller operations. */
import type {Descriptor} from '../oci/image.ts';
import type {DriverData, Loose} from './common.ts';
import type {ContainerConfig} from './container-config.ts';
import type {HostConfig, PortMap, Resources, RestartPolicy} from './host-config.ts';
import type {MountPoint} from './mount.ts';
import type {EndpointSettings} from './network.ts';

/** Body of POST /containers/create. */
export interface ContainerCreateRequest extends Loose<ContainerConfig> {
  HostConfig?: Loose<HostConfig> | null;
  NetworkingConfig?: {EndpointsConfig?: Record<string, Loose<EndpointSettings> | null> | null} | null;
}

/** Answer of POST /containers/create, status 201. */
export interface ContainerCreateResponse {
  Id: string;
  Warnings: string[];
}

/** Body of POST /containers/{id}/update. */
export interface ContainerUpdateRequest extends Loose<Resources> {
  RestartPolicy?: RestartPolicy | null;
}

/** Answer of POST /containers/{id}/update. */
export interface ContainerUpdateResponse {
  Warnings: string[] | null;
}

export type ContainerStateName = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

/** Times are RFC 3339 with nanoseconds; `0001-01-01T00:00:00Z` is never. */
export interface ContainerState {
  Status: ContainerStateName;
  /** Also while paused or restarting. */
  Running: boolean;
  Paused: boolean;
  Restarting: boolean;
  OOMKilled: boolean;
  Dead: boolean;
  /** On the host; 0 when not running. */
  Pid: number;
  ExitCode: number;
  /** Of the last start. */
  Error: string;
  StartedAt: string;
  FinishedAt: string;
  Health?: Health;
}

export type HealthStatus = 'none' | 'starting' | 'healthy' | 'unhealthy';

/** Only with a health check. */
export interface Health {
  Status: HealthStatus;
  FailingStreak: number;
  /** The last five. */
  Log: HealthcheckResult[] | null;
}

/** One run of a health check; 0 is healthy, 1 is not, 2 is reserved, others are failures to run. */
export interface HealthcheckResult {
  Start: string;
  End: string;
  ExitCode: number;
  /** At most 4096 bytes. */
  Output: string;
}

/** Answer of GET /containers/{id}/json. */
export interface ContainerInspect {
  Id: string;
  Created: string;
  Path: string;
  Args: string[];
  State: ContainerState;
  /** Image id. */
  Image: string;
  ResolvConfPath: string;
  HostnamePath: string;
  HostsPath: string;
  LogPath: string;
  /** With a leading slash. */
  Name: string;
  RestartCount: number;
  Driver: string;
  Platform: string;
  /** Only with the containerd store. */
  ImageManifestDescriptor?: Descriptor;
  MountLabel: string;
  ProcessLabel: string;
  AppArmorProfile: string;
  ExecIDs: string[] | null;
  HostConfig: HostConfig;
  GraphDriver: DriverData;
  /** bytes, with `size=1` */
  SizeRw?: number;
  SizeRootFs?: number;
  Mounts: MountPoint[];
  Config: ContainerConfig;
  NetworkSettings: NetworkSettings;
}

/** The network side of a running container; the flat address fields repeat the default bridge's endpoint. */
export interface NetworkSettings {
  Bridge: string;
  SandboxID: string;
  /** Path of the network namespace. */
  SandboxKey: string;
  Ports: PortMap;
  HairpinMode: boolean;
  LinkLocalIPv6Address: string;
  LinkLocalIPv6PrefixLen: number;
  SecondaryIPAddresses: Address[] | null;
  SecondaryIPv6Addresses: Address[] | null;
  EndpointID: string;
  Gateway: string;
  GlobalIPv6Address: string;
  GlobalIPv6PrefixLen: number;
  IPAddress: string;
  IPPrefixLen: number;
  IPv6Gateway: string;
  MacAddress: string;
  /** By network name. */
  Networks: Record<string, EndpointSettings>;
}

/** A secondary address. */
export interface Address {
  Addr: string;
  PrefixLen: number;
}

/** An element of GET /containers/json. */
export interface ContainerSummary {
  Id: string;
  /** With a leading slash; links add `/other/alias`. */
  Names: string[];
  Image: string;
  ImageID: string;
  ImageManifestDescriptor?: Descriptor;
  Command: string;
  /** Unix seconds. */
  Created: number;
  Ports: Port[];
  /** bytes, with `size=1`; left out when 0 */
  SizeRw?: number;
  SizeRootFs?: number;
  Labels: Record<string, string> | null;
  State: ContainerStateName;
  /** For people: `Up 5 minutes (healthy)`. */
  Status: string;
  HostConfig: {NetworkMode?: string; Annotations?: Record<string, string>};
  NetworkSettings: {Networks: Record<string, EndpointSettings | null>} | null;
  Mounts: MountPoint[];
}

/** One exposed port; published ones are listed once for every host address. */
export interface Port {
  IP?: string;
  PrivatePort: number;
  PublicPort?: number;
  Type: 'tcp' | 'udp' | 'sctp';
}

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

/** Answer of POST /containers/{id}/wait. */
export interface ContainerWaitResponse {
  StatusCode: number;
  Error?: {Message?: string} | null;
}

/** Answer of GET /containers/{id}/top: `Processes` has a row of cells for each process. */
export interface ContainerTopResponse {
  Processes: string[][] | null;
  Titles: string[];
}

/** An element of GET /containers/{id}/changes (null when there are none). Kind: 0 modified, 1 added, 2 deleted. */
export interface FilesystemChange {
  Path: string;
  Kind: 0 | 1 | 2;
}

/** JSON in the X-Docker-Container-Path-Stat header (base64) of /containers/{id}/archive. */
export interface ContainerPathStat {
  name: string;
  size: number;
  /** Go's file mode bits, not those of stat(2). */
  mode: number;
  mtime: string;
  linkTarget: string;
}

/** Answer of POST /containers/prune. */
export interface ContainersPruneResponse {
  ContainersDeleted: string[] | null;
  /** bytes */
  SpaceReclaimed: number;
}

/** Body of POST /commit (query parameters say the rest). */
export type CommitRequest = Loose<ContainerConfig>;

/** Body of POST /containers/{id}/checkpoints, and an element of the list. */
export interface CheckpointCreateRequest {
  CheckpointID: string;
  CheckpointDir?: string;
  /** Stop the container afterwards. */
  Exit?: boolean;
}

export interface Checkpoint {
  Name: string;
}
