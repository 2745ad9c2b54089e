/** Everything about a container that is kept on disk. */
import type {ContainerConfig} from './documents/container-config.ts';
import type {HostConfig} from './documents/host-config.ts';
import type {NetworkSettings} from './documents/network-settings.ts';
import type {MountPoint} from './mount-point.ts';
import type {ContainerState} from './state.ts';

export interface ContainerRecord {
  readonly id: string;
  readonly created: bigint;
  /** With a leading slash. */
  name: string;
  /** Entrypoint and command joined: the program and its arguments. */
  path: string;
  args: string[];
  config: ContainerConfig;
  host: HostConfig;
  /** `sha256:…`, empty for a container made before images had ids. */
  image: string;
  imagePlatform: {os: string; architecture: string; variant?: string};
  imageManifest: {mediaType: string; digest: string; size: number} | undefined;
  /** The snapshotter that made its file system. */
  driver: string;
  state: ContainerState;
  health: HealthRecord | undefined;
  network: NetworkSettings;
  /** By destination. */
  mounts: Record<string, MountPoint>;
  restartCount: number;
  hasBeenStarted: boolean;
  /** By `docker stop` or `kill`: a restart of the daemon then leaves it stopped under `unless-stopped`. */
  manuallyStopped: boolean;
  /** Its removal has begun: whatever happens, it is finished. */
  removing: boolean;
  noNewPrivileges: boolean;
  appArmorProfile: string;
  seccompProfile: string;
  /** Host paths of the files that are mounted into it. */
  files: ContainerFiles;
}

export interface ContainerFiles {
  hostname: string;
  hosts: string;
  resolvConf: string;
  /** Empty for log drivers without a file. */
  log: string;
  /** Of a shareable /dev/shm; empty for a private one. */
  shm: string;
}

export type HealthStatus = 'none' | 'starting' | 'healthy' | 'unhealthy';

export interface HealthRecord {
  status: HealthStatus;
  failingStreak: number;
  /** Oldest first, at most five. */
  log: {start: bigint; end: bigint; exitCode: number; output: string}[];
}

/** `Entrypoint` and `Cmd` as one command line. */
export function commandOf(config: ContainerConfig): {path: string; args: string[]} {
  const [path = '', ...args] = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  return {path, args};
}
