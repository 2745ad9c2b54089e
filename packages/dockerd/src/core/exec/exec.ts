/** A further process in a running container, from its request to its end. */
import type {Process} from '@longshore/api/oci';
import {type Deferred, deferred} from '@longshore/base';
import type {InputPipe} from '../ports/container-io.ts';

export interface ExecConfig {
  user: string;
  privileged: boolean;
  tty: boolean;
  attachStdin: boolean;
  attachStdout: boolean;
  attachStderr: boolean;
  detachKeys: string;
  env: string[];
  workingDir: string;
  command: string[];
  consoleSize: [number, number] | undefined;
}

export type ExecState =
  | {status: 'created'}
  | {status: 'starting'}
  | {status: 'running'}
  | {status: 'exited'; exitCode: number};

export class Exec {
  readonly id: string;
  readonly containerId: string;
  readonly config: ExecConfig;
  readonly process: Process;
  state: ExecState = {status: 'created'};
  /** 0 until it has been started. */
  pid = 0;
  stdin: InputPipe | undefined;
  /** Nanoseconds; when it ended, for the collection of old records. */
  endedAt: bigint | undefined;
  /** It runs, or could not be started. */
  readonly started: Deferred<void> = deferred<void>();
  readonly exited: Deferred<number> = deferred<number>();
  /** All of its output has been delivered. */
  readonly finished: Deferred<void> = deferred<void>();

  constructor(id: string, containerId: string, config: ExecConfig, process: Process) {
    this.id = id;
    this.containerId = containerId;
    this.config = config;
    this.process = process;
  }

  get running(): boolean {
    return this.state.status === 'running';
  }
}
