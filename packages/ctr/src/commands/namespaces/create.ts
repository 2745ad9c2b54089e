import type {Leaf} from '../../command/command.ts';
import {UsageError} from '../../command/errors.ts';
import {parseLabels} from '../../command/flag-values.ts';

const leaf: Leaf = {
  usage: '<name> [<key>=<value>]',
  flags: [],
  async run({ctx, client, args}) {
    const name = args[0] ?? '';
    if (name === '') throw new UsageError('please specify a namespace', false);
    await client.namespaces.create(ctx, {namespace: {name, labels: parseLabels(args.slice(1))}});
  },
};
export default leaf;
