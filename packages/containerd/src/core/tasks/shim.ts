/** The port of shims: the processes that own a task, and what they can be told. Every shim has one task here. */
import type {CallContext} from '@longshore/base';
import type {TypedValue} from '../metadata/records.ts';
import type {SandboxObserver} from '../sandboxes/shim.ts';
import type {Mount} from '../snapshots/snapshotter.ts';
import type {Timestamp} from '../time.ts';

export type ProcessStatus = 'unknown' | 'created' | 'running' | 'stopped' | 'paused' | 'pausing';

export interface ProcessState {
  readonly pid: number;
  readonly status: ProcessStatus;
  readonly stdin: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly terminal: boolean;
  /** Exit code, or 128 + signal; 0 before the exit. */
  readonly exitStatus: number;
  readonly exitedAt?: Timestamp;
}

export interface ProcessExit {
  readonly pid: number;
  readonly exitStatus: number;
  readonly exitedAt?: Timestamp;
}

/** Paths of FIFOs or the URIs that shims know; empty for none. */
export interface Stdio {
  readonly stdin: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly terminal: boolean;
}

export interface TaskCreation extends Stdio {
  /** Mounted by the shim on the bundle's rootfs; empty when the specification names an absolute root. */
  readonly rootfs: readonly Mount[];
  /** Directory of a checkpoint to restore from; empty for a new start. */
  readonly checkpoint: string;
  readonly options?: TypedValue;
}

export interface TaskProcessInfo {
  readonly pid: number;
  readonly info?: TypedValue;
}

/**
 * One running shim. Calls throw what the shim answered, and `unavailable` once the connection is gone. An empty
 * `execId` means the container's first process.
 */
export interface Shim {
  readonly namespace: string;
  readonly id: string;
  readonly bundle: string;
  readonly address: string;
  /** Resolves when the connection is gone, whoever ended it. */
  readonly disconnected: Promise<void>;
  /** Returns the pid of the container's first process. */
  create(ctx: CallContext, creation: TaskCreation): Promise<number>;
  start(ctx: CallContext, execId: string): Promise<number>;
  delete(ctx: CallContext, execId: string): Promise<ProcessExit>;
  exec(ctx: CallContext, execId: string, process: TypedValue, stdio: Stdio): Promise<void>;
  state(ctx: CallContext, execId: string, timeoutMs?: number): Promise<ProcessState>;
  wait(ctx: CallContext, execId: string): Promise<ProcessExit>;
  kill(ctx: CallContext, execId: string, signal: number, all: boolean): Promise<void>;
  pids(ctx: CallContext): Promise<TaskProcessInfo[]>;
  pause(ctx: CallContext): Promise<void>;
  resume(ctx: CallContext): Promise<void>;
  update(ctx: CallContext, resources: TypedValue | undefined, annotations: {[key: string]: string}): Promise<void>;
  stats(ctx: CallContext): Promise<TypedValue | undefined>;
  resizePty(ctx: CallContext, execId: string, width: number, height: number): Promise<void>;
  closeIO(ctx: CallContext, execId: string, stdin: boolean): Promise<void>;
  checkpoint(ctx: CallContext, path: string, options: TypedValue | undefined): Promise<void>;
  /** Ends a shim whose task is deleted, or was never made, and removes its bundle. Never throws; logs instead. */
  end(ctx: CallContext, how: 'deleted' | 'failed'): Promise<void>;
  /** Lets go of a shim that shall live on without us: closes the connection and its log. */
  detach(): void;
  /**
   * After `disconnected`: kills what the dead shim left and removes its bundle. Returns how the task is taken to have
   * ended.
   */
  cleanUp(ctx: CallContext): Promise<ProcessExit>;
}

export interface ShimRequest {
  readonly id: string;
  /** `io.containerd.runc.v2`, or the absolute path of a shim. */
  readonly runtime: string;
  /** The OCI runtime specification, as JSON; written to the bundle as it is. */
  readonly spec: Uint8Array;
  readonly options?: TypedValue;
  /** Makes the task in the shim of this sandbox instead of a new one. */
  readonly sandbox?: string;
  /** Makes the task in the shim that serves there, as `Controller.Start` of a sandbox told it. */
  readonly taskApi?: TaskApi;
}

export interface TaskApi {
  /** `unix:///…`, also with `ttrpc+` or `grpc+` before it. */
  readonly address: string;
  /** Version of the task service; 0 for the newest. */
  readonly version: number;
}

export interface ShimManager {
  /** Makes the bundle and starts the shim; the task is not created yet. Nothing is left over when it throws. */
  start(ctx: CallContext, request: ShimRequest): Promise<Shim>;
  /**
   * Finds the shims that outlived an earlier daemon. Those that died meanwhile are cleaned up and reported to
   * `onDead`; sandboxes go to the observer. Call it before the first `start`.
   */
  load(
    ctx: CallContext,
    onDead: (namespace: string, id: string, exit: ProcessExit) => void,
    sandboxes?: SandboxObserver,
  ): Promise<Shim[]>;
}
