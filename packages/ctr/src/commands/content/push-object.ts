import {readBlob, readContent} from '@longshore/containerd-client';
import {isIndexType, isManifestType, parseReference} from '@longshore/oci';
import type {Leaf} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {registryFlags, registryOf} from '../../registry-flags.ts';

const leaf: Leaf = {
  usage: '[flags] <remote> <object> <type>',
  description: 'Push objects by identifier to a remote.',
  flags: registryFlags,
  async run({ctx, client, flags, args, print}) {
    const reference = parseReference(requireArgument(args, 0, 'a reference must be provided'));
    const digest = requireArgument(args, 1, 'the digest of an object must be provided');
    const mediaType = requireArgument(args, 2, 'the media type of the object must be provided');
    const {info} = await client.content.info(ctx, {digest});
    const descriptor = {mediaType, digest, size: Number(info?.size ?? 0)};
    await using registry = await registryOf(flags);
    if (isManifestType(mediaType) || isIndexType(mediaType)) {
      await registry.pushManifest(ctx, reference, descriptor, await readBlob(ctx, client, digest));
    } else {
      await registry.pushBlob(ctx, reference, descriptor, offset => readContent(ctx, client, digest, {offset}));
    }
    print(`Pushed ${digest} ${mediaType}\n`);
  },
};
export default leaf;
