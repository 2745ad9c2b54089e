/** What containers need of the pipes between a container and the daemon. */
import type {StreamName} from '../logs/log-entry.ts';
import type {LogReader} from './log-driver.ts';

/** Gets the output of a container as it comes. */
export interface OutputReceiver {
  deliver(stream: StreamName, data: Buffer): void;
  /** Undefined to go on at once, or what to wait for before more is delivered. */
  congestion(): Promise<void> | undefined;
  /** True when nothing that was delivered is in use any more: its memory is used again. Absent where it may be. */
  keepsNothing?(): boolean;
}

export interface ContainerIoRequest {
  containerId: string;
  stdin: boolean;
  tty: boolean;
  log: LogRequest;
  receiver: OutputReceiver;
}

/** Which log a container has. */
export interface LogLocation {
  containerId: string;
  driver: string;
  options: Readonly<Record<string, string>>;
  /** Of the file; drivers that send their records away keep a cache there. */
  path: string;
}

/** The log to write. */
export interface LogRequest extends LogLocation {
  /** Of every record: what `labels` and `env` select, and for json-file the tag. Undefined for none. */
  attributes: Readonly<Record<string, string>> | undefined;
  /** The template of the option `tag` filled in; by default the short id. */
  tag: string;
  subject: LogSubject;
}

/** What drivers that send records away tell about the container. */
export interface LogSubject {
  id: string;
  /** Without the leading slash. */
  name: string;
  /** `sha256:…` */
  imageId: string;
  imageName: string;
  /** Program and arguments, joined by spaces. */
  command: string;
  /** Nanoseconds since the epoch. */
  created: bigint;
}

/** The container's standard input. */
export interface InputPipe {
  /** A promise when the container does not keep up. Throws `unavailable` when nobody reads it any more. */
  write(data: Uint8Array): Promise<void> | undefined;
  /** No more input: what was written is passed on, then the pipe is closed on this side. */
  end(): Promise<void>;
}

/** The open pipes and the log of one running container. Owned by its entity, from before the start to the exit. */
export interface ContainerIo {
  /** Paths for Tasks.Create; empty for a stream that the container does not have. */
  readonly paths: {stdin: string; stdout: string; stderr: string};
  readonly stdin: InputPipe | undefined;
  /** The shim has opened its ends: from now on a closed stdin is seen by the container. */
  attached(): void;
  /** The task has been deleted: takes what is left, writes it to the log, and removes pipes and spools. */
  finish(): Promise<void>;
  /** The daemon ends and the container does not: closes everything and leaves the rest for the next daemon. */
  abandon(): Promise<void>;
}

export interface ContainerIoFactory {
  /** Makes pipes for a container that is about to start. What an earlier start left is removed. */
  create(request: ContainerIoRequest): Promise<ContainerIo>;
  /** Opens the pipes of a container that runs since before this daemon, and goes on exactly where the log ends. */
  reopen(request: ContainerIoRequest): Promise<ContainerIo>;
  /** The log of a container, running or not. */
  openLog(location: LogLocation): LogReader;
  /** Removes what a container that is not running may have left here. */
  discard(containerId: string): Promise<void>;
  /** The same for all that are not among these. */
  sweep(known: ReadonlySet<string>): Promise<void>;
}
