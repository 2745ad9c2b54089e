import {pullImage} from '@longshore/containerd-client';
import {formatReference, parseReference, withDefaultTag} from '@longshore/oci';
import type {Leaf} from '../../command/command.ts';
import {bool, list, text, unsupported} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {platformOf} from '../../format/platforms.ts';
import {progressPrinter} from '../../format/progress.ts';
import {registryFlags, registryOf} from '../../registry-flags.ts';

const leaf: Leaf = {
  usage: '[flags] <ref>',
  description: 'Fetch and prepare an image for use in containerd.',
  flags: [
    ...registryFlags,
    {...text('snapshotter', 'Snapshotter name'), env: 'CONTAINERD_SNAPSHOTTER', default: 'overlayfs'},
    list('label', 'Labels to attach to the image'),
    text('platform', 'Pull content from a specific platform'),
    bool('all-platforms', 'Pull content and metadata from all platforms'),
    bool('print-chainid', "Print the resulting image's chain ID"),
    bool('local', 'Fetch content from local client rather than using transfer service'),
    ...unsupported(
      'not implemented by this ctr yet',
      bool('skip-metadata', 'Skips metadata for unused platforms'),
      {name: 'max-concurrent-downloads', type: 'integer', usage: 'Set the max concurrent downloads for each pull'},
      bool('sync-fs', 'Synchronize the underlying filesystem containing files when unpack images'),
    ),
  ],
  async run({ctx, client, flags, args, print}) {
    const reference = withDefaultTag(parseReference(requireArgument(args, 0, 'an image reference')));
    await using registry = registryOf(flags);
    const progress = progressPrinter(process.stdout);
    const platform = platformOf(flags.text('platform'));
    const {chainId} = await pullImage(ctx, client, {
      ...{reference, registry, snapshotter: flags.text('snapshotter'), labels: flags.labels('label')},
      ...{allPlatforms: flags.bool('all-platforms'), onProgress: progress.show, ...(platform ? {platform} : {})},
    });
    progress.finish();
    if (flags.bool('print-chainid')) print(`image chain ID: ${chainId}\n`);
    print(`${formatReference(reference)}: done\n`);
  },
};
export default leaf;
