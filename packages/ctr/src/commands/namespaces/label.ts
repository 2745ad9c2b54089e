import type {Leaf} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {parseLabels} from '../../command/flag-values.ts';

const leaf: Leaf = {
  usage: '<name> [<key>=<value>, ...]',
  flags: [],
  async run({ctx, client, args}) {
    const name = requireArgument(args, 0, 'please specify a namespace');
    const labels = parseLabels(args.slice(1));
    const updateMask = Object.keys(labels).map(key => `labels.${key}`);
    await client.namespaces.update(ctx, {namespace: {name, labels}, updateMask});
  },
};
export default leaf;
