/** Messages of the task service to and from the core's types. */
import type {
  CreateTaskRequest,
  DeleteResponse,
  StateResponse,
  WaitResponse,
} from '@longshore/api/gen/containerd/runtime/task/v3/shim';
import {Status} from '@longshore/api/gen/containerd/types/task/task';
import type {Any} from '@longshore/api/gen/google/protobuf/any';
import type {TypedValue} from '../../core/metadata/records.ts';
import type {ProcessExit, ProcessState, ProcessStatus, TaskCreation} from '../../core/tasks/shim.ts';

const statuses: Record<number, ProcessStatus> = {
  [Status.CREATED]: 'created',
  [Status.RUNNING]: 'running',
  [Status.STOPPED]: 'stopped',
  [Status.PAUSED]: 'paused',
  [Status.PAUSING]: 'pausing',
};

export function stateFromWire(response: StateResponse): ProcessState {
  const {pid, status, stdin, stdout, stderr, terminal, exitStatus, exitedAt} = response;
  const known = statuses[status] ?? 'unknown';
  return {pid, status: known, stdin, stdout, stderr, terminal, exitStatus, ...(exitedAt && {exitedAt})};
}

export function exitFromWire(response: DeleteResponse | (WaitResponse & {pid?: number})): ProcessExit {
  const {pid = 0, exitStatus, exitedAt} = response;
  return {pid, exitStatus, ...(exitedAt && {exitedAt})};
}

export function anyOf(value: TypedValue | undefined): Any | undefined {
  return value && {typeUrl: value.typeUrl, value: Buffer.from(value.value)};
}

export function creationToWire(id: string, bundle: string, creation: TaskCreation): CreateTaskRequest {
  const {rootfs, stdin, stdout, stderr, terminal, checkpoint, options} = creation;
  return {
    ...{id, bundle, stdin, stdout, stderr, terminal, checkpoint, parentCheckpoint: ''},
    rootfs: rootfs.map(mount => ({...mount, options: [...mount.options]})),
    options: anyOf(options),
  };
}
