/** A task from its creation to its exit code, with this terminal connected. */

import type {Mount} from '@longshore/api/gen/containerd/types/mount';
import {writeFileAtomic} from '@longshore/base';
import type {Any} from '@longshore/containerd-client';
import {bool, type Flag, type Invocation, text} from '../command/command.ts';
import {killAndWait} from './remove-container.ts';
import {openStdio, type Stdio} from './stdio.ts';
import {forwardSignals, takeTerminal} from './terminal.ts';

/** Flags of the commands that start a task. */
export const taskFlags: Flag[] = [
  bool('null-io', 'Send all IO to /dev/null'),
  text('log-uri', 'Log uri'),
  text('fifo-dir', 'Directory used for storing IO FIFOs'),
  text('pid-file', "File path to write the task's pid"),
  bool('detach', 'Detach from the task after it has started execution', 'd'),
];

export interface TaskOptions {
  containerId: string;
  terminal: boolean;
  rootfs: Mount[];
  /** Runtime options of this task. */
  options?: Any;
}

/** Creates and starts the task; with --detach returns 0 at once, else its exit code after it was deleted. */
export async function runTask(invocation: Invocation, task: TaskOptions): Promise<number> {
  const {ctx, client, flags} = invocation;
  const {containerId, terminal, rootfs, options} = task;
  const detach = flags.bool('detach');
  await using stdio = await openTaskStdio(invocation, task, detach);
  const {pid} = await client.tasks.create(ctx, {
    containerId,
    rootfs,
    terminal,
    ...stdio.paths,
    ...(options ? {options} : {}),
  });
  try {
    if (flags.text('pid-file'))
      await writeFileAtomic(flags.text('pid-file'), String(pid), {mode: 0o644, durable: false});
    if (detach) {
      await client.tasks.start(ctx, {containerId});
      return 0;
    }
    return await attachAndWait(invocation, stdio, task);
  } catch (error) {
    await killAndWait(ctx, client, containerId).catch(() => {});
    await client.tasks.delete(ctx, {containerId}).catch(() => {});
    throw error;
  }
}

/** A detached task keeps nothing open here: without --log-uri its output goes nowhere. */
function openTaskStdio({flags}: Invocation, {containerId, terminal}: TaskOptions, detach: boolean): Promise<Stdio> {
  const none = flags.bool('null-io') || (detach && flags.text('log-uri') === '');
  return openStdio(containerId, {directory: flags.text('fifo-dir'), terminal, none, logUri: flags.text('log-uri')});
}

async function attachAndWait({ctx, client}: Invocation, stdio: Stdio, task: TaskOptions): Promise<number> {
  const name = {containerId: task.containerId, execId: ''};
  const exit = client.tasks.wait(ctx, name);
  exit.catch(() => {});
  stdio.connect(async () => {
    await client.tasks.closeIO(ctx, {...name, stdin: true});
  });
  await client.tasks.start(ctx, name);
  using _input = task.terminal ? await takeTerminal(ctx, client, name) : forwardSignals(ctx, client, name);
  const {exitStatus} = await exit;
  await client.tasks.delete(ctx, name);
  await stdio.drained();
  return exitStatus;
}
