import type {Leaf} from '../../command/command.ts';
import {argumentOrHelp} from '../../command/dispatch.ts';
import {snapshotterFlag} from '../../flags.ts';
import {indentedJson, sortedMap, timeText} from '../../format/table.ts';
import {kindName} from '../../snapshots.ts';

const leaf: Leaf = {
  usage: '<key>',
  flags: [snapshotterFlag],
  async run({ctx, client, flags, args, print}) {
    const key = argumentOrHelp(args, 0);
    const {info} = await client.snapshots.stat(ctx, {snapshotter: flags.text('snapshotter'), key});
    if (!info) return;
    const {kind, name, parent, labels, createdAt, updatedAt} = info;
    const times = {Created: timeText(createdAt), Updated: timeText(updatedAt)};
    print(
      indentedJson({
        Kind: kindName(kind),
        Name: name,
        ...(parent ? {Parent: parent} : {}),
        Labels: sortedMap(labels),
        ...times,
      }),
    );
  },
};
export default leaf;
