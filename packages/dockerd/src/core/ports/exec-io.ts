import type {InputPipe, OutputReceiver} from './container-io.ts';

export interface ExecIoRequest {
  containerId: string;
  execId: string;
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
  receiver: OutputReceiver;
}

/** The pipes of one exec'd process. They do not outlive the daemon: nobody could read them afterwards. */
export interface ExecIo {
  readonly paths: {stdin: string; stdout: string; stderr: string};
  readonly stdin: InputPipe | undefined;
  attached(): void;
  /** The process has been deleted: delivers what is left and removes the pipes. */
  finish(): Promise<void>;
}

export interface ExecIoFactory {
  create(request: ExecIoRequest): Promise<ExecIo>;
}
