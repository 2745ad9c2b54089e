import type {Leaf} from '../../command/command.ts';
import {text} from '../../command/command.ts';
import {argumentOrHelp} from '../../command/dispatch.ts';
import {snapshotterFlag} from '../../flags.ts';
import {indentedJson} from '../../format/table.ts';
import {mountCommands} from '../../snapshots.ts';

const leaf: Leaf = {
  usage: '[flags] <key> [<parent>]',
  flags: [
    snapshotterFlag,
    text('target', 'Mount target path, will print mount, if provided', 't'),
    {name: 'mounts', type: 'bool', usage: 'Print out snapshot mounts as JSON'},
  ],
  async run({ctx, client, flags, args, print}) {
    const key = argumentOrHelp(args, 0);
    const labels = {'containerd.io/gc.root': new Date().toISOString().replace(/\.\d+Z$/, 'Z')};
    const request = {snapshotter: flags.text('snapshotter'), key, parent: args[1] ?? '', labels};
    const {mounts} = await client.snapshots.prepare(ctx, request);
    if (flags.bool('mounts')) print(indentedJson(mounts));
    if (flags.text('target')) print(mountCommands(mounts, flags.text('target')));
  },
};
export default leaf;
