import {type CreateTaskRequest, TasksDefinition} from '@longshore/api/gen/containerd/services/tasks/v1/tasks';
import {Options} from '@longshore/api/gen/containerd/types/runc/options/oci';
import {protobufTypeUrl} from '@longshore/api/type-urls';
import {EngineError} from '@longshore/errdefs';
import type {Checkpoints} from '../../core/tasks/checkpoints.ts';
import type {TaskApi} from '../../core/tasks/shim.ts';
import type {Tasks} from '../../core/tasks/tasks.ts';
import {anyFromWire, anyToWire, descriptorFromWire, descriptorToWire} from '../convert.ts';
import {type ServedService, serve} from '../serve.ts';
import {processToWire} from './convert.ts';

type WireOptions = {typeUrl: string; value: Uint8Array} | undefined;

function runcOptions(options: WireOptions): Options | undefined {
  return options?.typeUrl.endsWith(protobufTypeUrl.runcOptions) ? Options.decode(options.value) : undefined;
}

/** A client may have the images of a checkpoint in a directory of its own, which runc's options then name. */
function restorePathOf(options: WireOptions): string {
  return runcOptions(options)?.criuImagePath ?? '';
}

/** Where the task is to be made: the request says it or, from Go's client, runc's options do. */
function taskApiOf(request: CreateTaskRequest): TaskApi | undefined {
  const {taskApiAddress: address, taskApiVersion: version} = request.taskApiAddress
    ? request
    : (runcOptions(request.options) ?? request);
  return address === '' ? undefined : {address, version};
}

export function tasksService(tasks: Tasks, checkpoints: Checkpoints): ServedService {
  return serve(TasksDefinition, {
    async create(ctx, request) {
      const {containerId, rootfs, stdin, stdout, stderr, terminal, runtimePath} = request;
      const taskApi = taskApiOf(request);
      const options = anyFromWire(request.options);
      await using checkpoint = await checkpoints.open(
        ctx,
        request.checkpoint && descriptorFromWire(request.checkpoint),
      );
      const creation = {
        rootfs,
        stdin,
        stdout,
        stderr,
        terminal,
        checkpoint: checkpoint.path || restorePathOf(request.options),
        ...(options && {options}),
      };
      return {containerId, pid: await tasks.create(ctx, containerId, creation, runtimePath, taskApi)};
    },
    async start(ctx, {containerId, execId}) {
      return {pid: await tasks.start(ctx, containerId, execId)};
    },
    async delete(ctx, {containerId}) {
      const {pid, exitStatus, exitedAt} = await tasks.delete(ctx, containerId);
      return {pid, exitStatus, exitedAt};
    },
    async deleteProcess(ctx, {containerId, execId}) {
      const {pid, exitStatus, exitedAt} = await tasks.deleteProcess(ctx, containerId, execId);
      return {id: execId, pid, exitStatus, exitedAt};
    },
    async get(ctx, {containerId, execId}) {
      return {process: processToWire(containerId, execId || containerId, await tasks.get(ctx, containerId, execId))};
    },
    async list(ctx) {
      return {tasks: (await tasks.list(ctx)).map(({id, state}) => processToWire(id, id, state))};
    },
    async kill(ctx, {containerId, execId, signal, all}) {
      await tasks.shim(ctx, containerId).kill(ctx, execId, signal, all);
      return {};
    },
    async exec(ctx, {containerId, execId, spec, stdin, stdout, stderr, terminal}) {
      if (!spec) throw new EngineError('invalid-argument', 'process spec is required: invalid argument');
      await tasks.exec(ctx, containerId, execId, spec, {stdin, stdout, stderr, terminal});
      return {};
    },
    async resizePty(ctx, {containerId, execId, width, height}) {
      await tasks.shim(ctx, containerId).resizePty(ctx, execId, width, height);
      return {};
    },
    async closeIO(ctx, {containerId, execId, stdin}) {
      await tasks.shim(ctx, containerId).closeIO(ctx, execId, stdin);
      return {};
    },
    async pause(ctx, {containerId}) {
      await tasks.shim(ctx, containerId).pause(ctx);
      return {};
    },
    async resume(ctx, {containerId}) {
      await tasks.shim(ctx, containerId).resume(ctx);
      return {};
    },
    async listPids(ctx, {containerId}) {
      const processes = await tasks.shim(ctx, containerId).pids(ctx);
      return {processes: processes.map(({pid, info}) => ({pid, info: anyToWire(info)}))};
    },
    async checkpoint(ctx, {containerId, options}) {
      const descriptors = await checkpoints.create(ctx, containerId, anyFromWire(options));
      return {descriptors: descriptors.map(descriptorToWire)};
    },
    async update(ctx, {containerId, resources, annotations}) {
      await tasks.shim(ctx, containerId).update(ctx, anyFromWire(resources), annotations);
      return {};
    },
    async metrics(ctx, {filters}) {
      const metrics = await tasks.metrics(ctx, filters);
      return {metrics: metrics.map(({id, timestamp, data}) => ({id, timestamp, data: anyToWire(data)}))};
    },
    async wait(ctx, {containerId, execId}) {
      const {exitStatus, exitedAt} = await tasks.wait(ctx, containerId, execId);
      return {exitStatus, exitedAt};
    },
  });
}
