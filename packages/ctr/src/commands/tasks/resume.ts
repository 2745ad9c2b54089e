import type {Leaf} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';

const leaf: Leaf = {
  usage: 'CONTAINER',
  flags: [],
  async run({ctx, client, args}) {
    const id = requireArgument(args, 0, 'container id must be provided');
    await client.containers.get(ctx, {id});
    await client.tasks.resume(ctx, {containerId: id});
  },
};
export default leaf;
