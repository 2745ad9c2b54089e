/** Removal of a container's record, and of its snapshot. */
import {Status} from '@longshore/api/gen/containerd/types/task/task';
import type {CallContext} from '@longshore/base';
import type {ContainerdClient} from '@longshore/containerd-client';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {releaseNetwork} from '../network/task-network.ts';
import {removeFifos} from './fifos.ts';
import {statusName} from './status.ts';

export async function removeContainer(
  ctx: CallContext,
  client: ContainerdClient,
  id: string,
  options: {keepSnapshot?: boolean} = {},
): Promise<void> {
  const {container} = await client.containers.get(ctx, {id});
  if (await deleteStoppedTask(ctx, client, id)) await releaseNetwork(ctx, client, id);
  await client.containers.delete(ctx, {id});
  if (options.keepSnapshot || !container?.snapshotKey) return;
  const {snapshotter, snapshotKey: key} = container;
  await ignoreMissing(client.snapshots.remove(ctx, {snapshotter, key}));
}

/** A task that has ended is removed with its container; one that lives is an error. False when there was none. */
async function deleteStoppedTask(ctx: CallContext, client: ContainerdClient, containerId: string): Promise<boolean> {
  const task = await ignoreMissing(client.tasks.get(ctx, {containerId}));
  const status = task?.process?.status;
  if (status === undefined) return false;
  if (status !== Status.STOPPED && status !== Status.CREATED) {
    const state = statusName(status).toLowerCase();
    throw new EngineError(
      'failed-precondition',
      `cannot delete a non stopped container: task ${containerId} is ${state}`,
    );
  }
  await ignoreMissing(client.tasks.delete(ctx, {containerId}));
  if (task?.process) removeFifos(task.process);
  return true;
}

/** SIGKILL to everything of the task (or to one exec), then waits for its exit. */
export async function killAndWait(
  ctx: CallContext,
  client: ContainerdClient,
  containerId: string,
  execId = '',
): Promise<void> {
  await ignoreMissing(client.tasks.kill(ctx, {containerId, execId, signal: 9, all: execId === ''}));
  await ignoreMissing(client.tasks.wait(ctx, {containerId, execId}));
}

async function ignoreMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isErrorCode(error, 'not-found')) return undefined;
    throw error;
  }
}
