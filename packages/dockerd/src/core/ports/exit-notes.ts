import type {ProcessExit} from './task-runtime.ts';

export interface NotedExit extends ProcessExit {
  pid: number;
}

/**
 * How a run has ended, from before its task is deleted (containerd then knows it no more) until the record on disk says
 * it: a daemon that is killed in between finds it here.
 */
export interface ExitNotes {
  write(containerId: string, exit: NotedExit): void;
  /** Undefined when there is none, or none of this process. */
  read(containerId: string, pid: number): ProcessExit | undefined;
  remove(containerId: string): void;
}
