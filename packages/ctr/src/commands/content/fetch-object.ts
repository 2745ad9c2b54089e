import {parseReference, withDefaultTag} from '@longshore/oci';
import {write} from '@longshore/term';
import type {Leaf} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {registryFlags, registryOf} from '../../registry-flags.ts';

const leaf: Leaf = {
  usage: '[flags] <remote>',
  description: 'Fetch objects by identifier from a remote: the manifest or index that the reference names.',
  flags: registryFlags,
  async run({ctx, flags, args}) {
    const reference = withDefaultTag(parseReference(requireArgument(args, 0, 'a reference must be provided')));
    await using registry = await registryOf(flags);
    const {bytes} = await registry.resolve(ctx, reference);
    await write(process.stdout, bytes);
  },
};
export default leaf;
