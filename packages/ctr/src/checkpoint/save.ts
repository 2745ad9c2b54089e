/** The parts of a checkpoint, saved. */
import type {Container} from '@longshore/api/gen/containerd/services/containers/v1/containers';
import {CheckpointOptions} from '@longshore/api/gen/containerd/types/runc/options/oci';
import {Status} from '@longshore/api/gen/containerd/types/task/task';
import {Any as AnyMessage} from '@longshore/api/gen/google/protobuf/any';
import type {Descriptor} from '@longshore/api/oci';
import {protobufTypeUrl} from '@longshore/api/type-urls';
import type {CallContext} from '@longshore/base';
import {type Any, type ContainerdClient, descriptorFromWire, getImage, packAny} from '@longshore/containerd-client';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {diffSnapshots} from '../snapshot-mounts.ts';
import {cleanupContext} from '../task/attached.ts';
import {checkpointTypes, storePart, withPlatform} from './index-document.ts';

export function checkpointOptions(partial: Partial<CheckpointOptions>): Any {
  return packAny(protobufTypeUrl.runcCheckpointOptions, CheckpointOptions, CheckpointOptions.fromPartial(partial));
}

/** CRIU's image and the specification; needs criu(8) where the runtime is. */
export async function saveTask(
  ctx: CallContext,
  client: ContainerdClient,
  containerId: string,
  options: Any,
): Promise<Descriptor[]> {
  const {descriptors} = await client.tasks.checkpoint(ctx, {containerId, options});
  return descriptors.map(descriptor => withPlatform(descriptorFromWire(descriptor)));
}

export async function saveAny(
  ctx: CallContext,
  client: ContainerdClient,
  mediaType: string,
  any: Any,
): Promise<Descriptor> {
  return storePart(ctx, client, mediaType, AnyMessage.encode(any).finish());
}

/** The container's image as it is now; the name is in the index. */
export async function saveImage(ctx: CallContext, client: ContainerdClient, name: string): Promise<Descriptor> {
  if (name === '') throw new EngineError('failed-precondition', 'the container was not made from an image');
  return (await getImage(ctx, client, name)).target;
}

/** What the container has changed in its file system, as a layer. */
export async function saveChanges(
  ctx: CallContext,
  client: ContainerdClient,
  {snapshotter, snapshotKey: key}: Container,
): Promise<Descriptor> {
  if (key === '') throw new EngineError('failed-precondition', 'the container has no snapshot');
  const diff = await diffSnapshots(ctx, client, {snapshotter, key}, {ref: `checkpoint-rw-${key}`});
  return withPlatform(descriptorFromWire(diff));
}

export function saveRuntimeOptions(ctx: CallContext, client: ContainerdClient, options: Any): Promise<Descriptor> {
  return saveAny(ctx, client, checkpointTypes.runtimeOptions, options);
}

/** The task is paused meanwhile, so that what is saved fits together; a container without a task needs nothing. */
export async function whilePaused<T>(
  ctx: CallContext,
  client: ContainerdClient,
  containerId: string,
  save: () => Promise<T>,
): Promise<T> {
  const status = await taskStatus(ctx, client, containerId);
  if (status === undefined || status === Status.PAUSED) return save();
  await client.tasks.pause(ctx, {containerId});
  try {
    return await save();
  } finally {
    // One that was told to end by the checkpoint cannot be resumed.
    await client.tasks.resume(cleanupContext(ctx), {containerId}).catch(() => {});
  }
}

async function taskStatus(
  ctx: CallContext,
  client: ContainerdClient,
  containerId: string,
): Promise<Status | undefined> {
  try {
    return (await client.tasks.get(ctx, {containerId})).process?.status;
  } catch (error) {
    if (isErrorCode(error, 'not-found')) return undefined;
    throw error;
  }
}
