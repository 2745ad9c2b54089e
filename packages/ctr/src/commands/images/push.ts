import {getImage, pushImage} from '@longshore/containerd-client';
import {parseReference, withDefaultTag} from '@longshore/oci';
import type {Leaf} from '../../command/command.ts';
import {bool, text, unsupported} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {platformOf} from '../../format/platforms.ts';
import {progressPrinter} from '../../format/progress.ts';
import {registryFlags, registryOf} from '../../registry-flags.ts';

const leaf: Leaf = {
  usage: '[flags] <remote> [<local>]',
  description: 'Pushes an image reference from containerd.',
  flags: [
    ...registryFlags,
    text('platform', 'Push content from a specific platform'),
    bool('local', 'Push content from local client rather than using transfer service'),
    ...unsupported(
      'not implemented by this ctr yet',
      text('manifest', 'Digest of manifest'),
      text('manifest-type', 'Media type of manifest digest'),
      {
        name: 'max-concurrent-uploaded-layers',
        type: 'integer',
        usage: 'Set the max concurrent uploaded layers for each push',
      },
      bool('allow-non-distributable-blobs', 'Allow pushing blobs that are marked as non-distributable'),
    ),
  ],
  async run({ctx, client, flags, args, print}) {
    const remote = requireArgument(args, 0, 'an image reference to push');
    const {target} = await getImage(ctx, client, args[1] ?? remote);
    await using registry = registryOf(flags);
    const progress = progressPrinter(process.stdout);
    const platform = platformOf(flags.text('platform'));
    const reference = withDefaultTag(parseReference(remote));
    const pushed = await pushImage(ctx, client, {
      target,
      reference,
      registry,
      onProgress: progress.show,
      ...(platform ? {platform} : {}),
    });
    progress.finish();
    print(`${pushed.mediaType} ${pushed.digest}\n`);
  },
};
export default leaf;
