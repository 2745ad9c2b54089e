/** What a container can be in, with the data each state has, and the moves between them. */
import {EngineError} from '@longshore/errdefs';

/** Times are nanoseconds since the epoch. */
export interface LastRun {
  exitCode: number;
  startedAt: bigint;
  finishedAt: bigint;
  oomKilled: boolean;
  /** Why the last start failed, or what the daemon could not do; empty otherwise. */
  error: string;
}

export type ContainerState =
  | {status: 'created'; exitCode: number; error: string}
  | {status: 'running' | 'paused'; pid: number; startedAt: bigint; previous: LastRun | undefined; oomKilled: boolean}
  | {status: 'restarting'; last: LastRun}
  | {status: 'exited'; last: LastRun}
  | {status: 'dead'; last: LastRun | undefined};

export type Status = ContainerState['status'] | 'removing';

const moves: Record<ContainerState['status'], readonly ContainerState['status'][]> = {
  created: ['created', 'running', 'exited', 'dead'],
  running: ['paused', 'restarting', 'exited'],
  paused: ['running', 'restarting', 'exited'],
  restarting: ['running', 'exited', 'restarting', 'dead'],
  exited: ['running', 'exited', 'restarting', 'dead'],
  dead: ['dead'],
};

/** Throws `failed-precondition` for a move that the table does not have: a fault of the daemon. */
export function transition(from: ContainerState, to: ContainerState): ContainerState {
  if (moves[from.status].includes(to.status)) return to;
  throw new EngineError('failed-precondition', `container cannot go from ${from.status} to ${to.status}`);
}

/** True while there is a process, running or frozen. */
export function hasProcess(state: ContainerState): state is Extract<ContainerState, {pid: number}> {
  return state.status === 'running' || state.status === 'paused';
}

/** True when `docker start` may be used. A container that waits for its restart counts as running for Docker. */
export function isRunning(state: ContainerState): boolean {
  return hasProcess(state) || state.status === 'restarting';
}

export function pidOf(state: ContainerState): number {
  return hasProcess(state) ? state.pid : 0;
}

/** The last run that has ended, whatever the state is now. */
export function lastRunOf(state: ContainerState): LastRun | undefined {
  if (state.status === 'created') return undefined;
  return hasProcess(state) ? state.previous : state.last;
}

/** What `docker wait` and an inspect show: of the run that is over, or of a start that failed. */
export function exitCodeOf(state: ContainerState): number {
  if (state.status === 'created') return state.exitCode;
  return hasProcess(state) ? 0 : (state.last?.exitCode ?? 0);
}

export function startedAtOf(state: ContainerState): bigint | undefined {
  return hasProcess(state) ? state.startedAt : lastRunOf(state)?.startedAt;
}
