import {type Process, Status} from '@longshore/api/gen/containerd/types/task/task';
import type {ProcessState, ProcessStatus} from '../../core/tasks/shim.ts';

const statuses: Record<ProcessStatus, Status> = {
  unknown: Status.UNKNOWN,
  created: Status.CREATED,
  running: Status.RUNNING,
  stopped: Status.STOPPED,
  paused: Status.PAUSED,
  pausing: Status.PAUSING,
};

export function processToWire(containerId: string, id: string, state: ProcessState): Process {
  const {status, exitedAt, ...rest} = state;
  return {containerId, id, ...rest, status: statuses[status], exitedAt};
}
