import type {Leaf} from '../../command/command.ts';
import {digestArgument} from '../../command/dispatch.ts';
import {parseLabels} from '../../command/flag-values.ts';
import {labelText} from '../../format/table.ts';

const leaf: Leaf = {
  usage: '<digest> [<label>=<value> ...]',
  description: 'Labels with an empty value are removed.',
  flags: [],
  async run({ctx, client, args, print}) {
    const digest = digestArgument(args, 0);
    const labels = parseLabels(args.slice(1));
    const updateMask = Object.keys(labels).map(key => `labels.${key}`);
    if (updateMask.length === 0) return;
    const {info} = await client.content.update(ctx, {info: {digest, labels}, updateMask});
    print(`${labelText(info?.labels ?? {})}\n`);
  },
};
export default leaf;
