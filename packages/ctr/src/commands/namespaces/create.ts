import type {Leaf} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {parseLabels} from '../../command/flag-values.ts';

const leaf: Leaf = {
  usage: '<name> [<key>=<value>]',
  flags: [],
  async run({ctx, client, args}) {
    const name = requireArgument(args, 0, 'please provide a namespace name: it');
    await client.namespaces.create(ctx, {namespace: {name, labels: parseLabels(args.slice(1))}});
  },
};
export default leaf;
