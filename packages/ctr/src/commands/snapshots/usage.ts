import type {Leaf} from '../../command/command.ts';
import {bool} from '../../command/command.ts';
import {snapshotterFlag} from '../../flags.ts';
import {sizeText} from '../../format/size.ts';
import {narrow, table} from '../../format/table.ts';
import {listSnapshots} from '../../snapshots.ts';

const leaf: Leaf = {
  usage: '[flags] [<key>, ...]',
  flags: [snapshotterFlag, bool('b', 'Display size in bytes')],
  async run(invocation) {
    const {ctx, client, flags, args, print} = invocation;
    const snapshotter = flags.text('snapshotter');
    const keys = args.length > 0 ? args : (await listSnapshots(invocation)).map(s => s.name);
    const rows = [];
    for (const key of keys) {
      const {size, inodes} = await client.snapshots.usage(ctx, {snapshotter, key});
      rows.push([key, flags.bool('b') ? String(size) : sizeText(Number(size)), String(inodes)]);
    }
    print(table([['KEY', 'SIZE', 'INODES'], ...rows], narrow));
  },
};
export default leaf;
