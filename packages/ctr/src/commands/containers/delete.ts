import type {Leaf} from '../../command/command.ts';
import {bool} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {removeContainer} from '../../task/remove-container.ts';

const leaf: Leaf = {
  usage: '[flags] CONTAINER [CONTAINER, ...]',
  flags: [bool('keep-snapshot', 'Do not clean up snapshot with container')],
  async run({ctx, client, flags, args, logError}) {
    requireArgument(args, 0, 'must specify at least one container to delete: invalid argument');
    let failed: unknown;
    for (const id of args) {
      try {
        await removeContainer(ctx, client, id, {keepSnapshot: flags.bool('keep-snapshot')});
      } catch (error) {
        logError(`failed to delete container "${id}"`, error);
        failed = error;
      }
    }
    if (failed) throw failed;
  },
};
export default leaf;
