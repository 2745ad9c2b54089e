import {existsSync} from 'node:fs';
import type {Process} from '@longshore/api/gen/containerd/types/task/task';
import {EngineError} from '@longshore/errdefs';
import type {Leaf} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {detachKeysFlag, waitAttached} from '../../task/attached.ts';
import {removeFifos} from '../../task/fifos.ts';
import {reopenStdio, type StdioPaths} from '../../task/stdio.ts';

const leaf: Leaf = {
  usage: 'CONTAINER',
  flags: [detachKeysFlag],
  async run(invocation) {
    const {ctx, client, args} = invocation;
    const containerId = requireArgument(args, 0, 'container id must be provided');
    await client.containers.get(ctx, {id: containerId});
    const {process: task} = await client.tasks.get(ctx, {containerId});
    const paths = fifosOf(containerId, task);
    const name = {containerId, execId: ''};
    using stdio = reopenStdio(paths, () => {});
    const remove = async () => {
      await client.tasks.delete(ctx, name);
      removeFifos(paths);
    };
    return await waitAttached(invocation, {name, terminal: task?.terminal === true, stdio, remove});
  },
};
export default leaf;

function fifosOf(containerId: string, task: Process | undefined): StdioPaths {
  const {stdin = '', stdout = '', stderr = ''} = task ?? {};
  if (stdout.startsWith('/') && existsSync(stdout)) return {stdin: existsSync(stdin) ? stdin : '', stdout, stderr};
  throw new EngineError(
    'failed-precondition',
    `task ${containerId} has no FIFOs to attach to: it was started with --null-io or --log-uri`,
  );
}
