import {isErrorCode, messageOf} from '@longshore/errdefs';
import type {Leaf} from '../../command/command.ts';
import {bool, text} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {killAndWait} from '../../task/remove-container.ts';

const leaf: Leaf = {
  usage: '[flags] CONTAINER [CONTAINER, ...]',
  flags: [bool('force', 'Force delete task process', 'f'), text('exec-id', 'Process ID to kill')],
  async run({ctx, client, flags, args, warn}) {
    requireArgument(args, 0, 'at least one container id');
    const execId = flags.text('exec-id');
    let failed: unknown;
    for (const containerId of args) {
      try {
        if (flags.bool('force')) await killAndWait(ctx, client, containerId, execId);
        const remove = execId
          ? client.tasks.deleteProcess(ctx, {containerId, execId})
          : client.tasks.delete(ctx, {containerId});
        const {exitStatus} = await remove;
        if (exitStatus !== 0) warn(`task ${containerId} exit with non-zero exit code ${exitStatus}`);
      } catch (error) {
        if (args.length > 1) warn(`failed to delete ${containerId}: ${messageOf(error)}`);
        if (!(flags.bool('force') && isErrorCode(error, 'not-found'))) failed = error;
      }
    }
    if (failed) throw failed;
  },
};
export default leaf;
