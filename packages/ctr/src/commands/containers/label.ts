import type {Leaf} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {parseLabels} from '../../command/flag-values.ts';
import {labelText} from '../../format/table.ts';

const leaf: Leaf = {
  usage: '[flags] CONTAINER [<key>=<value>, ...]',
  flags: [],
  async run({ctx, client, args, print}) {
    const id = requireArgument(args, 0, 'container id must be provided: invalid argument');
    const labels = parseLabels(args.slice(1));
    const updateMask = Object.keys(labels).map(key => `labels.${key}`);
    if (updateMask.length === 0) {
      await client.containers.get(ctx, {id}); // an unknown one is an error all the same
      return;
    }
    const {container} = await client.containers.update(ctx, {container: {id, labels}, updateMask});
    print(`${labelText(container?.labels ?? {})}\n`);
  },
};
export default leaf;
