/** The task service: each method is one call of the core. The same handlers serve v2 and v3, over ttrpc and gRPC. */
import {TaskDefinition} from '@longshore/api/gen/containerd/runtime/task/v3/shim';
import type {ServiceHandlers} from '@longshore/ttrpc';
import type {Containers} from '../containers.ts';
import {timestamp} from '../timestamp.ts';
import * as convert from './convert.ts';

/** Version 2 and 3 have the same messages field by field; only the package was renamed. */
export const taskDefinitions = [TaskDefinition, {...TaskDefinition, fullName: 'containerd.task.v2.Task'}] as const;

export type TaskHandlers = ServiceHandlers<typeof TaskDefinition>;

export interface TaskHost {
  containers: Containers;
  /** A sandbox is there, whose shim lives on without containers. */
  readonly holdsSandbox: boolean;
  /** Nothing is left to do: ends the shim once the calls in progress are answered. */
  shutdown(): void;
  /** containerd has just connected to us: it can be reached again. */
  reconnected(): void;
}

export function taskService(host: TaskHost): TaskHandlers {
  const {containers} = host;
  return {
    async create(ctx, request) {
      const container = await containers.create(ctx, convert.newContainer(request));
      return {pid: container.init.pid};
    },
    async start(ctx, {id, execId}) {
      return {pid: await containers.get(id).start(ctx, execId)};
    },
    async delete(ctx, {id, execId}) {
      const deleted = await containers.get(id).delete(ctx, execId);
      if (execId === '') containers.remove(id);
      return convert.deleteResponse(deleted);
    },
    async exec(_ctx, request) {
      const container = containers.get(request.id);
      container.addExec(request.execId, convert.stdioUris(request), convert.execSpec(request));
      return {};
    },
    async state(_ctx, {id, execId}) {
      const container = containers.get(id);
      return convert.stateResponse(container, container.process(execId));
    },
    async wait(_ctx, {id, execId}) {
      const {exitStatus, exitedAt} = await containers.get(id).process(execId).exited;
      return {exitStatus, exitedAt: timestamp(exitedAt)};
    },
    async kill(_ctx, {id, execId, signal, all}) {
      await containers.get(id).kill(execId, signal, all);
      return {};
    },
    async pids(_ctx, {id}) {
      const container = containers.get(id);
      return {processes: convert.processInfos(container, await container.runtime.ps(id))};
    },
    async pause(_ctx, {id}) {
      await containers.get(id).pause();
      return {};
    },
    async resume(_ctx, {id}) {
      await containers.get(id).resume();
      return {};
    },
    async update(_ctx, request) {
      await containers.get(request.id).update(convert.resources(request));
      return {};
    },
    async checkpoint(_ctx, request) {
      await containers.get(request.id).checkpoint(convert.checkpointOptions(request));
      return {};
    },
    async resizePty(_ctx, {id, execId, width, height}) {
      const process = containers.get(id).process(execId);
      process.check('resize');
      process.io?.resize(width, height);
      return {};
    },
    async closeIO(_ctx, {id, execId, stdin}) {
      const process = containers.get(id).process(execId);
      if (stdin) process.io?.closeStdin();
      return {};
    },
    async stats(_ctx, {id}) {
      const {containerStats} = await import('../stats.ts');
      return {stats: containerStats(containers.get(id))};
    },
    async connect(_ctx, {id}) {
      host.reconnected();
      const taskPid = containers.find(id)?.init.pid ?? 0;
      return {shimPid: process.pid, taskPid, version: ''};
    },
    async shutdown() {
      if (containers.size === 0 && !host.holdsSandbox) host.shutdown();
      return {};
    },
  };
}
