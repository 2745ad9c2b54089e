/** What the library's calls take and give. */
import type {LinuxResources} from '@longshore/api/oci';
import type {SpawnRuntime} from './spawn.ts';
import type {Status} from './state/status.ts';

export interface RuncRuntimeOptions {
  /** The OCI runtime that makes containers: `runc`, `crun`, or a path. A function is asked when it is needed. */
  binary: string | (() => string);
  /** Directory of the containers' state, as runc's --root. */
  root: string;
  /** The runtime's --log. Without it the runtime's errors are lost: only its exit status is known. */
  log?: string;
  /** Default json. */
  logFormat?: 'json' | 'text';
  debug?: boolean;
  systemdCgroup?: boolean;
  rootless?: string;
  /** Environment of the runtime; this process's by default. */
  env?: Record<string, string | undefined>;
  /** How children are started and reaped; `spawnAndWait` by default. */
  spawn?: SpawnRuntime;
}

/** What becomes descriptors 0, 1, 2 and, with `extra`, 3 and so on of the container's process. -1: /dev/null. */
export interface ContainerStdio {
  stdin: number;
  stdout: number;
  stderr: number;
  extra?: number[];
}

interface StartOptions {
  id: string;
  /** Where the runtime writes the pid; also where it is read from for the result. */
  pidFile: string;
  /** Unix socket on which the runtime sends the pty master; only with `terminal: true`. */
  consoleSocket?: string;
  /** Unix socket on which a pidfd of the process is sent. */
  pidfdSocket?: string;
  /** How many of `fds.extra` the process keeps; all of them by default. */
  preserveFds?: number;
  fds: ContainerStdio;
}

export interface CreateOptions extends StartOptions {
  bundle: string;
  noPivot?: boolean;
  noNewKeyring?: boolean;
}

export interface ExecOptions extends StartOptions {
  /** JSON file of an OCI Process. */
  processFile: string;
  /** The runtime returns once the process runs; the only way a shim wants it. Default true. */
  detach?: boolean;
}

export interface KillOptions {
  /** Every process of the container's cgroup instead of its first process. */
  all?: boolean;
}

export interface DeleteOptions {
  /** Kills a running container first, and a missing one is no error. */
  force?: boolean;
  signal?: AbortSignal;
  /** Hears of clean-up steps that failed; without it the first one is thrown, after all have been tried. */
  onCleanupError?: (error: unknown) => void;
}

export interface CheckpointOptions {
  imagePath: string;
  workPath?: string;
  parentPath?: string;
  leaveRunning?: boolean;
  allowTcp?: boolean;
  allowUnixSockets?: boolean;
  allowTerminal?: boolean;
  fileLocks?: boolean;
  preDump?: boolean;
  cgroupsMode?: string;
  emptyNamespaces?: string[];
  criuPath?: string;
}

export interface RestoreOptions extends CreateOptions, Pick<CheckpointOptions, 'imagePath' | 'workPath' | 'allowTcp'> {
  allowUnixSockets?: boolean;
  allowTerminal?: boolean;
  fileLocks?: boolean;
  cgroupsMode?: string;
  emptyNamespaces?: string[];
  noSubreaper?: boolean;
  criuPath?: string;
}

/** As `runc state` prints it. */
export interface ContainerState {
  ociVersion: string;
  id: string;
  /** 0 when stopped. */
  pid: number;
  status: Status;
  bundle: string;
  rootfs: string;
  /** RFC 3339. */
  created: string;
  annotations?: Record<string, string>;
  /** User name; empty in the answer to `state`, as runc leaves it. */
  owner: string;
}

export type Resources = LinuxResources;
