import type {Leaf} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {containerFlags, createContainer} from '../../task/new-container.ts';

const leaf: Leaf = {
  usage: '[flags] Image|RootFS CONTAINER [COMMAND] [ARG...]',
  flags: containerFlags,
  async run(invocation) {
    const {args} = invocation;
    const source = requireArgument(args, 0, 'image ref');
    const id = requireArgument(args, 1, 'container id');
    await createContainer(invocation, source, id, args.slice(2));
  },
};
export default leaf;
