/** runtime-spec: the parts of config.json that are the same on every platform, and the state given to hooks. */
import type {IdMapping, Linux} from './linux.ts';

/** config.json of a bundle. */
export interface Spec {
  ociVersion: string;
  process?: Process;
  root?: Root;
  hostname?: string;
  domainname?: string;
  mounts?: Mount[];
  hooks?: Hooks;
  annotations?: Record<string, string>;
  linux?: Linux;
}

/** The container's first process; also what an exec is given (`types.containerd.io/.../Process`). */
export interface Process {
  terminal?: boolean;
  /** Only used with `terminal`. */
  consoleSize?: ConsoleSize;
  user: User;
  /** args[0] is looked up in the PATH of `env`. */
  args?: string[];
  /** `NAME=value` */
  env?: string[];
  /** Absolute. */
  cwd: string;
  capabilities?: Capabilities;
  rlimits?: Rlimit[];
  noNewPrivileges?: boolean;
  apparmorProfile?: string;
  /** -1000 to 1000 */
  oomScoreAdj?: number;
  scheduler?: Scheduler;
  selinuxLabel?: string;
  ioPriority?: IoPriority;
  execCPUAffinity?: CpuAffinity;
}

/** In characters. */
export interface ConsoleSize {
  height: number;
  width: number;
}

/** Numeric ids inside the container. */
export interface User {
  uid: number;
  gid: number;
  umask?: number;
  additionalGids?: number[];
}

/** Names as `CAP_CHOWN`. A set that is absent is empty. */
export interface Capabilities {
  bounding?: string[];
  effective?: string[];
  inheritable?: string[];
  permitted?: string[];
  ambient?: string[];
}

/** setrlimit(2); `type` as `RLIMIT_NOFILE`. 2^64-1 (infinity) does not survive a JavaScript number exactly. */
export interface Rlimit {
  type: string;
  hard: number;
  soft: number;
}

/** sched_setattr(2); times in nanoseconds. */
export interface Scheduler {
  policy: string;
  nice?: number;
  priority?: number;
  flags?: string[];
  runtime?: number;
  deadline?: number;
  period?: number;
}

/** ioprio_set(2) */
export interface IoPriority {
  class: 'IOPRIO_CLASS_RT' | 'IOPRIO_CLASS_BE' | 'IOPRIO_CLASS_IDLE';
  /** 0 (highest) to 7 */
  priority: number;
}

/** CPU lists (`0-3,7`) for an exec, before and after it moves to the container's cgroup. */
export interface CpuAffinity {
  initial?: string;
  final?: string;
}

/** The root filesystem. `path` is relative to the bundle or absolute (dockerd writes absolute ones). */
export interface Root {
  path: string;
  readonly?: boolean;
}

/** One mount, done in the order of the list. containerd's rootfs mounts have the same first four fields. */
export interface Mount {
  destination: string;
  type?: string;
  source?: string;
  options?: string[];
  uidMappings?: IdMapping[];
  gidMappings?: IdMapping[];
}

/** Programs the runtime runs at points of a container's life; each gets the `State` on stdin. */
export interface Hooks {
  /** Deprecated by the spec in favour of the three that follow, still run. */
  prestart?: Hook[];
  createRuntime?: Hook[];
  createContainer?: Hook[];
  startContainer?: Hook[];
  poststart?: Hook[];
  poststop?: Hook[];
}

/** One hook. */
export interface Hook {
  /** Absolute. */
  path: string;
  /** With argv[0]. */
  args?: string[];
  env?: string[];
  /** Seconds, greater than 0. */
  timeout?: number;
}

/** What a container can be in according to the spec. runc also reports `pausing` and `paused`. */
export type ContainerStatus = 'creating' | 'created' | 'running' | 'stopped';

/** What hooks read on stdin and `runc state` prints (which adds fields of its own). */
export interface State<Status extends string = ContainerStatus> {
  ociVersion: string;
  id: string;
  status: Status;
  /** Of the first process; 0 or absent when stopped. */
  pid?: number;
  /** Absolute. */
  bundle: string;
  annotations?: Record<string, string>;
}
