/** Between task messages and the shim's own types. */
import type {
  CheckpointTaskRequest,
  CreateTaskRequest,
  DeleteResponse,
  ExecProcessRequest,
  StateResponse,
  UpdateTaskRequest,
} from '@longshore/api/gen/containerd/runtime/task/v3/shim';
import {CheckpointOptions, Options, ProcessDetails} from '@longshore/api/gen/containerd/types/runc/options/oci';
import {type ProcessInfo, Status} from '@longshore/api/gen/containerd/types/task/task';
import type {Any} from '@longshore/api/gen/google/protobuf/any';
import {protobufTypeUrl} from '@longshore/api/type-urls';
import {EngineError, messageOf} from '@longshore/errdefs';
import type {Resources, CheckpointOptions as RuntimeCheckpoint} from '@longshore/runc-wrapper';
import type {Container, DeletedProcess} from '../container.ts';
import type {NewContainer} from '../containers.ts';
import type {ContainerProcess} from '../process/container-process.ts';
import type {ProcessStatus} from '../process/state.ts';
import type {StdioUris} from '../process/stdio.ts';
import {timestamp} from '../timestamp.ts';

const statuses: Record<ProcessStatus, Status> = {
  created: Status.CREATED,
  running: Status.RUNNING,
  paused: Status.PAUSED,
  stopped: Status.STOPPED,
  deleted: Status.STOPPED,
};

export function newContainer(request: CreateTaskRequest): NewContainer {
  const {id, bundle, rootfs, checkpoint} = request;
  if (bundle === '') throw invalid('bundle path must not be empty');
  return {id, bundle, rootfs, checkpoint, uris: stdioUris(request), options: runtimeOptions(request.options)};
}

export function stdioUris({stdin, stdout, stderr, terminal}: CreateTaskRequest | ExecProcessRequest): StdioUris {
  return {stdin, stdout, stderr, terminal};
}

/** Throws invalid-argument for options of another runtime: ignoring them could only be wrong. */
export function runtimeOptions(options: Any | undefined): Options {
  if (!options || options.typeUrl === '') return Options.fromPartial({});
  if (messageName(options) !== protobufTypeUrl.runcOptions) {
    throw invalid(`unsupported option type "${options.typeUrl}"`);
  }
  return Options.decode(options.value);
}

/** Whether there is a terminal is what the request says: the process of a client may still be that of the container. */
export function execSpec({spec, terminal}: ExecProcessRequest): Uint8Array {
  if (!spec || spec.value.length === 0) throw invalid('process spec must not be empty');
  const process = parseJson(spec, 'process spec') as {terminal?: boolean};
  if ((process.terminal ?? false) === terminal) return spec.value;
  return Buffer.from(JSON.stringify({...process, terminal}));
}

export function resources({resources: any}: UpdateTaskRequest): Resources {
  if (!any) throw invalid('resources must not be empty');
  return parseJson(any, 'resources') as Resources;
}

export function checkpointOptions({path, options}: CheckpointTaskRequest): RuntimeCheckpoint {
  const given = options ? CheckpointOptions.decode(options.value) : CheckpointOptions.fromPartial({});
  return {
    imagePath: given.imagePath || path,
    workPath: given.workPath,
    parentPath: given.parentPath,
    leaveRunning: !given.exit,
    allowTcp: given.openTcp,
    allowUnixSockets: given.externalUnixSockets,
    allowTerminal: given.terminal,
    fileLocks: given.fileLocks,
    emptyNamespaces: given.emptyNamespaces,
    cgroupsMode: given.cgroupsMode,
  };
}

export function stateResponse(container: Container, process: ContainerProcess): StateResponse {
  const {state, pid, uris} = process;
  const stopped = state.status === 'stopped' ? state : undefined;
  return {
    id: process.id,
    bundle: container.bundle,
    pid,
    status: statuses[state.status],
    ...uris,
    exitStatus: stopped?.exitStatus ?? 0,
    exitedAt: timestamp(stopped?.exitedAt),
    execId: '',
  };
}

export function deleteResponse({pid, exit}: DeletedProcess): DeleteResponse {
  return {pid, exitStatus: exit?.exitStatus ?? 0, exitedAt: timestamp(exit?.exitedAt)};
}

/** The pids of exec'd processes say which exec they are. */
export function processInfos(container: Container, pids: readonly number[]): ProcessInfo[] {
  const execOfPid = new Map<number, string>();
  for (const {pid, execId} of container.execs.values()) execOfPid.set(pid, execId);
  return pids.map(pid => {
    const execId = execOfPid.get(pid);
    if (execId === undefined) return {pid, info: undefined};
    const value = Buffer.from(ProcessDetails.encode({execId}).finish());
    return {pid, info: {typeUrl: protobufTypeUrl.runcProcessDetails, value}};
  });
}

/** A type URL may have a domain before its last slash. */
function messageName({typeUrl}: Any): string {
  return typeUrl.slice(typeUrl.lastIndexOf('/') + 1);
}

function parseJson({value}: Any, what: string): unknown {
  try {
    return JSON.parse(value.toString('utf8'));
  } catch (error) {
    throw invalid(`cannot read ${what}: ${messageOf(error)}`);
  }
}

function invalid(message: string): EngineError {
  return new EngineError('invalid-argument', `${message}: invalid argument`);
}
