import type {Leaf} from '../../command/command.ts';
import {argumentOrHelp} from '../../command/dispatch.ts';
import {snapshotterFlag} from '../../flags.ts';

const leaf: Leaf = {
  usage: '<key> <active>',
  flags: [snapshotterFlag],
  async run({ctx, client, flags, args}) {
    const name = argumentOrHelp(args, 0);
    const key = argumentOrHelp(args, 1);
    const labels = {'containerd.io/gc.root': new Date().toISOString().replace(/\.\d+Z$/, 'Z')};
    await client.snapshots.commit(ctx, {snapshotter: flags.text('snapshotter'), name, key, labels});
  },
};
export default leaf;
