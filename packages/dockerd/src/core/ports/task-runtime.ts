/** What containers need of containerd's tasks. */
import type {LinuxResources, Process} from '@longshore/api/oci';
import type {CallContext} from '@longshore/base';

export interface TaskStdio {
  /** FIFO paths; empty for none. */
  stdin: string;
  stdout: string;
  stderr: string;
  terminal: boolean;
}

export interface TaskRequest {
  id: string;
  /** JSON text of the OCI configuration. */
  spec: string;
  /** Name of a configured runtime. */
  runtime: string;
  image: string;
  stdio: TaskStdio;
  /** Directory of a checkpoint that the container is restored from; empty for a new start. */
  checkpoint: string;
}

export interface ExecRequest {
  execId: string;
  process: Process;
  stdio: TaskStdio;
}

export interface ProcessExit {
  exitCode: number;
  /** Nanoseconds since the epoch. */
  exitedAt: bigint;
}

export type TaskStatus =
  | {status: 'created' | 'running' | 'paused'; pid: number}
  | ({status: 'stopped'; pid: number} & ProcessExit)
  /** Neither a task nor a shim. */
  | {status: 'gone'};

/** A process that ended; `execId` is empty for the container's first process. */
export interface ExitEvent extends ProcessExit {
  containerId: string;
  execId: string;
  pid: number;
}

export interface TaskListener {
  exited(event: ExitEvent): void;
  outOfMemory(containerId: string): void;
  /** Events may have been missed (containerd was restarted): look at the state of everything that runs. */
  interrupted(): void;
}

/**
 * Errors have the runtime's message, prefixed as containerd does, and its codes: `not-found` for a process or task
 * that is gone, `unavailable` when containerd does not answer.
 */
export interface TaskRuntime {
  /** Makes the container's process, which waits for `start`. Returns its pid. On failure nothing is left. */
  create(ctx: CallContext, request: TaskRequest): Promise<number>;
  /** Returns the pid. */
  start(ctx: CallContext, id: string): Promise<number>;
  /** Removes the task and what containerd knows about the container. Undefined when it was gone. */
  delete(ctx: CallContext, id: string): Promise<ProcessExit | undefined>;
  /** Ends the task by force whatever its state, then deletes it. */
  destroy(ctx: CallContext, id: string): Promise<ProcessExit | undefined>;
  /** Of the container's first process, or of an exec. */
  status(ctx: CallContext, id: string, execId?: string): Promise<TaskStatus>;
  kill(ctx: CallContext, id: string, signal: number, execId?: string): Promise<void>;
  pause(ctx: CallContext, id: string): Promise<void>;
  resume(ctx: CallContext, id: string): Promise<void>;
  resize(ctx: CallContext, id: string, size: {height: number; width: number}, execId?: string): Promise<void>;
  /** Lets the process see the end of its standard input, once our own end is closed. */
  closeStdin(ctx: CallContext, id: string, execId?: string): Promise<void>;
  /** Writes the state of all processes into the directory `path`; with `exit` they end. Needs CRIU. */
  checkpoint(ctx: CallContext, id: string, path: string, exit: boolean): Promise<void>;
  update(ctx: CallContext, id: string, resources: LinuxResources): Promise<void>;
  /** All processes of the container, as pids of the host. */
  pids(ctx: CallContext, id: string): Promise<number[]>;
  createExec(ctx: CallContext, id: string, request: ExecRequest): Promise<void>;
  /** The first process of a container as it was configured. */
  configuredProcess(ctx: CallContext, id: string): Promise<Process>;
  /** Returns the pid. */
  startExec(ctx: CallContext, id: string, execId: string): Promise<number>;
  deleteExec(ctx: CallContext, id: string, execId: string): Promise<ProcessExit | undefined>;
  /** Ids of all containers that containerd knows, with a task or without. */
  list(ctx: CallContext): Promise<string[]>;
}
