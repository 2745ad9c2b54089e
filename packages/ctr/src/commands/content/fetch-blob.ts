import {EngineError} from '@longshore/errdefs';
import {Digester, parseDigest, parseReference} from '@longshore/oci';
import {write} from '@longshore/term';
import {type Leaf, text} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {registryFlags, registryOf} from '../../registry-flags.ts';

const leaf: Leaf = {
  usage: '[flags] <remote> [<digest>, ...]',
  description: 'Fetch blobs by digests from a remote.',
  flags: [...registryFlags, text('media-type', 'Media type that is told with the request')],
  async run({ctx, flags, args}) {
    const reference = parseReference(requireArgument(args, 0, 'a remote must be provided'));
    requireArgument(args, 1, 'a digest must be provided');
    await using registry = await registryOf(flags);
    const mediaType = flags.text('media-type') || 'application/octet-stream';
    for (const digest of args.slice(1)) {
      parseDigest(digest);
      const digester = new Digester();
      for await (const chunk of registry.blob(ctx, reference, {mediaType, digest, size: 0})) {
        digester.update(chunk);
        await write(process.stdout, chunk);
      }
      if (digester.digest() !== digest)
        throw new EngineError('data-loss', `the registry's bytes of ${digest} have another digest`);
    }
  },
};
export default leaf;
