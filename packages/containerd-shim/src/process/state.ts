/** The states of a process of the runtime (a container's first, or an exec'd one), and what each of them refuses. */
import {EngineError} from '@longshore/errdefs';

export type ProcessState =
  | {status: 'created' | 'running' | 'paused'}
  | {status: 'stopped'; exitStatus: number; exitedAt: bigint}
  | {status: 'deleted'; exitStatus: number; exitedAt: bigint | undefined};

export type ProcessStatus = ProcessState['status'];

const next: Record<ProcessStatus, readonly ProcessStatus[]> = {
  created: ['running', 'stopped', 'deleted'],
  running: ['paused', 'stopped'],
  paused: ['running', 'stopped'],
  stopped: ['deleted'],
  deleted: [],
};

/** Throws failed-precondition for a step that no process can take: a defect of the caller's, not of the request's. */
export function transition(from: ProcessState, to: ProcessState): ProcessState {
  if (next[from.status].includes(to.status)) return to;
  throw new EngineError('failed-precondition', `process cannot go from ${from.status} to ${to.status}`);
}

export type Operation = 'start' | 'delete' | 'pause' | 'resume' | 'exec' | 'update' | 'checkpoint' | 'resize' | 'kill';

/** Texts of containerd's own shim; what is not listed is allowed. */
const refusals: Record<Operation, Partial<Record<ProcessStatus, string>>> = {
  start: {
    running: 'cannot start a running process',
    paused: 'cannot start a paused process in paused state',
    stopped: 'cannot start a stopped process',
    deleted: 'cannot start a deleted process',
  },
  delete: {
    running: 'cannot delete a running process',
    paused: 'cannot delete a paused process',
    deleted: 'cannot delete a deleted process',
  },
  pause: {
    created: 'cannot pause task in created state',
    paused: 'cannot pause a paused container',
    stopped: 'cannot pause a stopped container',
    deleted: 'cannot pause a deleted process',
  },
  resume: {
    created: 'cannot resume task in created state',
    running: 'cannot resume a running process',
    stopped: 'cannot resume a stopped container',
    deleted: 'cannot resume a deleted process',
  },
  exec: {
    paused: 'cannot exec in a paused state',
    stopped: 'cannot exec in a stopped state',
    deleted: 'cannot exec in a deleted state',
  },
  update: {stopped: 'cannot update a stopped container', deleted: 'cannot update a deleted process'},
  checkpoint: {
    created: 'cannot checkpoint a task in created state',
    stopped: 'cannot checkpoint a stopped container',
    deleted: 'cannot checkpoint a deleted process',
  },
  // The client's first resize races with a process that ends at once; there is no use in an error then.
  resize: {deleted: 'cannot resize a deleted process'},
  kill: {deleted: 'cannot kill a deleted process'},
};

/** Throws what containerd's shim answers; with no class of error but "unknown", except for what is gone. */
export function checkAllowed(operation: Operation, state: ProcessState): void {
  const refusal = refusals[operation][state.status];
  if (refusal === undefined) return;
  if (state.status === 'deleted') throw new EngineError('not-found', `${refusal}: not found`);
  throw new EngineError('unknown', refusal);
}
