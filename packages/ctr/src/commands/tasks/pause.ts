import type {Leaf} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';

const leaf: Leaf = {
  usage: 'CONTAINER',
  flags: [],
  async run({ctx, client, args}) {
    await client.tasks.pause(ctx, {containerId: requireArgument(args, 0, 'container id')});
  },
};
export default leaf;
