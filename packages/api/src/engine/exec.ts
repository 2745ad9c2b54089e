/** Extra processes in a running container. */

/** Body of POST /containers/{id}/exec. */
export interface ExecCreateRequest {
  User?: string;
  Privileged?: boolean;
  Tty?: boolean;
  /** Height and width. */
  ConsoleSize?: [number, number] | null;
  AttachStdin?: boolean;
  AttachStderr?: boolean;
  AttachStdout?: boolean;
  /** Sent by clients, without effect: the body of start decides. */
  Detach?: boolean;
  DetachKeys?: string;
  Env?: string[] | null;
  WorkingDir?: string;
  Cmd?: string[] | null;
}

/** Body of POST /exec/{id}/start. */
export interface ExecStartRequest {
  Detach?: boolean;
  Tty?: boolean;
  /** Height and width; only with a terminal. */
  ConsoleSize?: [number, number] | null;
}

/** Answer of GET /exec/{id}/json. */
export interface ExecInspect {
  ID: string;
  Running: boolean;
  /** null until it has exited. */
  ExitCode: number | null;
  ProcessConfig: ExecProcessConfig;
  OpenStdin: boolean;
  OpenStderr: boolean;
  OpenStdout: boolean;
  CanRemove: boolean;
  ContainerID: string;
  /** Detach key sequence as raw bytes. */
  DetachKeys: string;
  /** On the host. */
  Pid: number;
}

/** What is run; `entrypoint` is the first word of Cmd. */
export interface ExecProcessConfig {
  tty: boolean;
  entrypoint: string;
  arguments: string[];
  privileged?: boolean;
  user?: string;
}
