import type {Leaf} from '../../command/command.ts';
import {argumentOrHelp} from '../../command/dispatch.ts';
import {snapshotterFlag} from '../../flags.ts';
import {mountCommands} from '../../snapshots.ts';

const leaf: Leaf = {
  usage: '<target> <key>',
  description: 'Mount gets the mount commands for a snapshot; run them to see its files.',
  flags: [snapshotterFlag],
  async run({ctx, client, flags, args, print}) {
    const target = argumentOrHelp(args, 0);
    const key = argumentOrHelp(args, 1);
    const {mounts} = await client.snapshots.mounts(ctx, {snapshotter: flags.text('snapshotter'), key});
    print(mountCommands(mounts, target));
  },
};
export default leaf;
