import type {Leaf} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {parseLabels} from '../../command/flag-values.ts';
import {snapshotterFlag} from '../../flags.ts';
import {labelText} from '../../format/table.ts';

const leaf: Leaf = {
  usage: '<name> [<label>=<value> ...]',
  flags: [snapshotterFlag],
  async run({ctx, client, flags, args, print}) {
    const name = requireArgument(args, 0, 'a snapshot key must be provided');
    const labels = parseLabels(args.slice(1));
    const updateMask = Object.keys(labels).map(key => `labels.${key}`);
    const {info} = await client.snapshots.update(ctx, {
      snapshotter: flags.text('snapshotter'),
      info: {name, labels},
      updateMask,
    });
    print(`${labelText(info?.labels ?? {})}\n`);
  },
};
export default leaf;
