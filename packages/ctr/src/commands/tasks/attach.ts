import {closeSync, existsSync, openSync} from 'node:fs';
import {EngineError} from '@longshore/errdefs';
import {O_NONBLOCK, O_RDONLY, O_WRONLY, openPipeReader, openPipeWriter} from '@longshore/linux';
import {write} from '@longshore/term';
import type {Leaf} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {forwardSignals, takeTerminal} from '../../task/terminal.ts';

const leaf: Leaf = {
  usage: 'CONTAINER',
  flags: [],
  async run({ctx, client, args}) {
    const containerId = requireArgument(args, 0, 'container id');
    const {process: task} = await client.tasks.get(ctx, {containerId});
    if (!task) return;
    const name = {containerId, execId: ''};
    const exit = client.tasks.wait(ctx, name);
    if (!existsSync(task.stdout)) {
      throw new EngineError(
        'failed-precondition',
        `task ${containerId} has no FIFOs to attach to: it was started with --detach, --null-io or --log-uri`,
      );
    }
    const outputs = [
      copyOutput(task.stdout, process.stdout),
      ...(task.stderr ? [copyOutput(task.stderr, process.stderr)] : []),
    ];
    void copyInput(task.stdin);
    using _input = task.terminal ? await takeTerminal(ctx, client, name) : forwardSignals(ctx, client, name);
    const {exitStatus} = await exit;
    await client.tasks.delete(ctx, name);
    await Promise.all(outputs);
    return exitStatus;
  },
};
export default leaf;

async function copyOutput(path: string, to: NodeJS.WriteStream): Promise<void> {
  const reader = openPipeReader(openSync(path, O_RDONLY | O_NONBLOCK));
  for await (const chunk of reader) await write(to, chunk);
}

async function copyInput(path: string): Promise<void> {
  const fd = path === '' ? undefined : openSync(path, O_WRONLY | O_NONBLOCK);
  if (fd === undefined) return;
  try {
    const writer = openPipeWriter(fd);
    for await (const chunk of process.stdin as AsyncIterable<Buffer>) await writer.write(chunk);
    await writer.end();
  } catch {
    closeSync(fd); // the process ended before its input did
  }
}
