import type {Leaf} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {snapshotterFlag} from '../../flags.ts';

const leaf: Leaf = {
  usage: '<key> <active>',
  flags: [snapshotterFlag],
  async run({ctx, client, flags, args}) {
    const name = requireArgument(args, 0, 'the name of the committed snapshot');
    const key = requireArgument(args, 1, 'the key of the active snapshot');
    const labels = {'containerd.io/gc.root': new Date().toISOString().replace(/\.\d+Z$/, 'Z')};
    await client.snapshots.commit(ctx, {snapshotter: flags.text('snapshotter'), name, key, labels});
  },
};
export default leaf;
