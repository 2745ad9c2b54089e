/** A task from its creation to its exit code, with this terminal connected. */

import type {Mount} from '@longshore/api/gen/containerd/types/mount';
import type {Descriptor} from '@longshore/api/oci';
import {type CallContext, writeFileAtomic} from '@longshore/base';
import {type Any, type ContainerdClient, descriptorToWire} from '@longshore/containerd-client';
import {bool, type Flag, type Invocation, text} from '../command/command.ts';
import {openTaskNetwork} from '../network/task-network.ts';
import {cleanupContext, detachKeysFlag, waitAttached} from './attached.ts';
import {killAndWait} from './remove-container.ts';
import {openStdio, type Stdio} from './stdio.ts';

/** Flags of the commands that start a task. */
export const taskFlags: Flag[] = [
  bool('null-io', 'Send all IO to /dev/null'),
  text('log-uri', 'Log uri'),
  text('fifo-dir', 'Directory used for storing IO FIFOs'),
  text('pid-file', "File path to write the task's pid"),
  bool('detach', 'Detach from the task after it has started execution', 'd'),
  detachKeysFlag,
];

export interface TaskOptions {
  containerId: string;
  terminal: boolean;
  rootfs: Mount[];
  /** Runtime options of this task. */
  options?: Any;
  /** Image of a process's memory to start it from. */
  checkpoint?: Descriptor;
}

/**
 * Creates and starts the task. Returns its exit code after it was deleted; undefined when it goes on without us
 * (--detach, or the keys to detach). What was created is gone again when it could not be started.
 */
export async function runTask(invocation: Invocation, task: TaskOptions): Promise<number | undefined> {
  const {ctx, client, flags} = invocation;
  const name = {containerId: task.containerId, execId: ''};
  const detach = flags.bool('detach');
  const network = await openTaskNetwork(ctx, client, name.containerId);
  using stdio = await openTaskStdio(invocation, task);
  const pid = await createTask(invocation, stdio, task);
  const start = () => startOrRemove(invocation, name.containerId, () => network?.attach(pid));
  if (detach) {
    await start();
    stdio.keepFifos();
    return undefined;
  }
  const remove = async () => {
    await network?.release();
    await client.tasks.delete(ctx, name);
  };
  return await waitAttached(invocation, {name, terminal: task.terminal, stdio, start, remove});
}

/** A detached task has FIFOs too, for `tasks attach`: what nobody reads stays there, and a full one stops the writer. */
function openTaskStdio({flags}: Invocation, {containerId, terminal}: TaskOptions): Promise<Stdio> {
  const none = flags.bool('null-io');
  return openStdio(containerId, {directory: flags.text('fifo-dir'), terminal, none, logUri: flags.text('log-uri')});
}

async function createTask({ctx, client, flags}: Invocation, stdio: Stdio, task: TaskOptions): Promise<number> {
  const {containerId, terminal, rootfs, options, checkpoint} = task;
  const {pid} = await client.tasks.create(ctx, {
    ...{containerId, rootfs, terminal, ...stdio.paths},
    ...(options ? {options} : {}),
    ...(checkpoint ? {checkpoint: descriptorToWire(checkpoint)} : {}),
  });
  const pidFile = flags.text('pid-file');
  try {
    if (pidFile) await writeFileAtomic(pidFile, String(pid), {mode: 0o644, durable: false});
    return pid;
  } catch (error) {
    await removeTask(ctx, client, containerId);
    throw error;
  }
}

async function startOrRemove(
  {ctx, client}: Invocation,
  containerId: string,
  prepare: () => Promise<void> | undefined,
): Promise<void> {
  try {
    await prepare();
    await client.tasks.start(ctx, {containerId});
  } catch (error) {
    await removeTask(ctx, client, containerId);
    throw error;
  }
}

/** After a failure whose error is what the user has to know. */
async function removeTask(ctx: CallContext, client: ContainerdClient, containerId: string): Promise<void> {
  const own = cleanupContext(ctx);
  await killAndWait(own, client, containerId).catch(() => {});
  await client.tasks.delete(own, {containerId}).catch(() => {});
}
