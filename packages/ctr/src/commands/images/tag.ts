import {createImage, getImage, putImage} from '@longshore/containerd-client';
import {parseReference} from '@longshore/oci';
import type {Leaf} from '../../command/command.ts';
import {bool} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';

const leaf: Leaf = {
  usage: '[flags] <source_ref> <target_ref> [<target_ref>, ...]',
  description: 'Tag an image for use in containerd.',
  flags: [
    bool('force', 'Force target_ref to be created, regardless if it already exists'),
    bool('local', 'Run tag locally rather than through transfer API'),
    bool('skip-reference-check', 'Skip the strict check for reference names'),
  ],
  async run({ctx, client, flags, args, print}) {
    const source = requireArgument(args, 0, 'please provide an image reference to tag from');
    requireArgument(args, 1, 'please provide an image reference to tag to');
    const {target, labels} = await getImage(ctx, client, source);
    for (const name of args.slice(1)) {
      if (!flags.bool('skip-reference-check')) parseReference(name);
      await (flags.bool('force') ? putImage : createImage)(ctx, client, {name, target, labels});
      print(`${name}\n`);
    }
  },
};
export default leaf;
