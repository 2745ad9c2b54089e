import type {Leaf} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {snapshotterFlag} from '../../flags.ts';
import {mountCommands} from '../../snapshots.ts';

const leaf: Leaf = {
  usage: '<target> <key>',
  description: 'Mount gets the mount commands for a snapshot; run them to see its files.',
  flags: [snapshotterFlag],
  async run({ctx, client, flags, args, print}) {
    const target = requireArgument(args, 0, 'target');
    const key = requireArgument(args, 1, 'a snapshot key');
    const {mounts} = await client.snapshots.mounts(ctx, {snapshotter: flags.text('snapshotter'), key});
    print(mountCommands(mounts, target));
  },
};
export default leaf;
