import {fetchImage, putImage, type TransferEnd, withLease} from '@longshore/containerd-client';
import {
  defaultPlatform,
  formatReference,
  parsePlatform,
  parseReference,
  pullReference,
  withDefaultTag,
} from '@longshore/oci';
import type {Flag, Invocation, Leaf} from '../../command/command.ts';
import {bool, list, text} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {UsageError} from '../../command/errors.ts';
import {progressPrinter} from '../../format/progress.ts';
import {
  localRegistryFlags,
  refuseWithoutLocal,
  registryFlags,
  registryOf,
  wantsAllMetadata,
} from '../../registry-flags.ts';
import {registryEnd, transferOr} from '../../transfer/run-transfer.ts';

const concurrency: Flag = {
  ...{name: 'max-concurrent-downloads', type: 'integer', default: '0'},
  usage: 'Set the max concurrent downloads for each pull',
};
const localFlags = ['max-concurrent-downloads', 'print-chainid', 'sync-fs', ...localRegistryFlags];

const leaf: Leaf = {
  usage: '[flags] <ref>',
  description: [
    'Fetch and prepare an image for use in containerd.\n',
    'After pulling an image, it should be ready to use the same reference in a run',
    'command. As part of this process, we do the following:\n',
    '1. Fetch all resources into containerd.',
    '2. Prepare the snapshot filesystem with the pulled resources.',
    '3. Register metadata for the image.\n',
  ].join('\n'),
  flags: [
    ...registryFlags,
    {
      ...text('snapshotter', 'Snapshotter name. Empty value stands for the default value.'),
      ...{env: 'CONTAINERD_SNAPSHOTTER'},
    },
    list('label', 'Labels to attach to the image'),
    list('platform', 'Pull content from a specific platform'),
    bool('all-platforms', 'Pull content and metadata from all platforms'),
    bool('skip-metadata', 'Skips metadata for unused platforms (Image may be unable to be pushed without metadata)'),
    bool('all-metadata', '(deprecated: it is the default) Pull metadata for all platforms'),
    bool('print-chainid', "Print the resulting image's chain ID"),
    concurrency,
    bool('local', 'Fetch content from local client rather than using transfer service'),
    bool('sync-fs', 'Synchronize the underlying filesystem containing files when unpack images, false by default'),
  ],
  async run(invocation) {
    const {flags, args} = invocation;
    const reference = withDefaultTag(
      parseReference(requireArgument(args, 0, 'please provide an image reference to pull')),
    );
    if (!flags.bool('local')) refuseWithoutLocal(flags, localFlags);
    if (flags.bool('all-platforms') && flags.list('platform').length > 0) {
      throw new UsageError('cannot specify both --platform and --all-platforms', false);
    }
    const name = formatReference(reference);
    const ends = async () => ({source: await registryEnd(invocation, name), destination: storeEnd(invocation, name)});
    await transferOr(invocation, ends, () => pullLocally(invocation, name));
  },
};
export default leaf;

function platformsOf({flags}: Invocation) {
  if (flags.bool('all-platforms')) return [];
  const given = flags.list('platform').map(parsePlatform);
  return given.length > 0 ? given : [defaultPlatform()];
}

function storeEnd(invocation: Invocation, name: string): TransferEnd {
  const {flags} = invocation;
  const platforms = platformsOf(invocation);
  const snapshotter = flags.text('snapshotter');
  const unpacks = platforms.map(platform => ({platform, snapshotter}));
  const allMetadata = wantsAllMetadata(flags);
  return {type: 'store', store: {name, labels: flags.labels('label'), platforms, unpacks, allMetadata}};
}

async function pullLocally(invocation: Invocation, name: string): Promise<void> {
  const {ctx, client, flags, print} = invocation;
  using registry = await registryOf(flags);
  const progress = progressPrinter(process.stdout);
  const platforms = platformsOf(invocation);
  const [snapshotter, concurrency] = [flags.text('snapshotter'), flags.number('max-concurrent-downloads')];
  const where = snapshotter ? {snapshotter} : {};
  const unpacked = platforms.length > 0 ? platforms : [defaultPlatform()];
  await withLease(ctx, client, async leased => {
    const {target, chainIds} = await fetchImage(leased, client, {
      ...{reference: pullReference(name), registry, platforms, concurrency, onProgress: progress.show},
      ...{allMetadata: wantsAllMetadata(flags), syncFs: flags.bool('sync-fs')},
      unpacks: unpacked.map(platform => ({platform, ...where})),
    });
    await putImage(leased, client, {name, target, labels: flags.labels('label')});
    progress.finish();
    if (flags.bool('print-chainid')) for (const chainId of chainIds) print(`image chain ID: ${chainId}\n`);
  });
  print(`${name}: done\n`);
}
