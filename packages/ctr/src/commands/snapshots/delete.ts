import {codeOf, EngineError, messageOf} from '@longshore/errdefs';
import type {Leaf} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {snapshotterFlag} from '../../flags.ts';

const leaf: Leaf = {
  usage: '<key> [<key>, ...]',
  flags: [snapshotterFlag],
  async run({ctx, client, flags, args}) {
    requireArgument(args, 0, 'a snapshot key must be provided');
    for (const key of args) {
      await client.snapshots.remove(ctx, {snapshotter: flags.text('snapshotter'), key}).catch(error => {
        throw new EngineError(codeOf(error), `failed to remove "${key}": ${messageOf(error)}`, {cause: error});
      });
    }
  },
};
export default leaf;
