import {pullImage} from '@longshore/containerd-client';
import {parsePlatform, parseReference, withDefaultTag} from '@longshore/oci';
import {bool, type Leaf, list} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {UsageError} from '../../command/errors.ts';
import {fetchMetadata} from '../../fetch-metadata.ts';
import {progressPrinter} from '../../format/progress.ts';
import {registryFlags, registryOf, wantsAllMetadata} from '../../registry-flags.ts';

const leaf: Leaf = {
  usage: '[flags] <remote>',
  description: 'Fetch an image into containerd without unpacking it.',
  flags: [
    ...registryFlags,
    list('label', 'Labels to attach to the image'),
    list('platform', 'Pull content from a specific platform'),
    bool('all-platforms', 'Pull content from all platforms'),
    bool('metadata-only', 'Pull all metadata including manifests and configs'),
    bool('skip-metadata', 'Skips metadata for unused platforms (Image may be unable to be pushed without metadata)'),
    bool('all-metadata', '(deprecated: it is the default) Pull metadata for all platforms'),
  ],
  async run({ctx, client, flags, args}) {
    const reference = withDefaultTag(parseReference(requireArgument(args, 0, 'an image reference must be provided')));
    await using registry = await registryOf(flags);
    const labels = flags.labels('label');
    const allMetadata = wantsAllMetadata(flags);
    if (flags.bool('metadata-only')) return fetchMetadata(ctx, client, {reference, registry, labels});
    const [platform, ...others] = flags.list('platform').map(parsePlatform);
    if (others.length > 0) throw new UsageError('only one --platform at a time, or --all-platforms', false);
    const progress = progressPrinter(process.stdout);
    const allPlatforms = flags.bool('all-platforms');
    const options = {reference, registry, labels, unpack: false, allPlatforms, allMetadata};
    await pullImage(ctx, client, {...options, ...(platform ? {platform} : {}), onProgress: progress.show});
    progress.finish();
  },
};
export default leaf;
