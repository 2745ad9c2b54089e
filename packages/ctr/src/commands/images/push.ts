import type {Descriptor} from '@longshore/api/oci';
import type {CallContext} from '@longshore/base';
import {type ContainerdClient, contentSize, getImage, pushImage} from '@longshore/containerd-client';
import {EngineError} from '@longshore/errdefs';
import {mediaTypes, parseDigest, parsePlatform, parseReference, withDefaultTag} from '@longshore/oci';
import type {Flag, Invocation, Leaf} from '../../command/command.ts';
import {bool, list, text} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {progressPrinter} from '../../format/progress.ts';
import {localRegistryFlags, refuseWithoutLocal, registryFlags, registryOf} from '../../registry-flags.ts';
import {registryEnd, transferOr} from '../../transfer/run-transfer.ts';

const concurrency: Flag = {
  ...{name: 'max-concurrent-uploaded-layers', type: 'integer', default: '0'},
  usage: 'Set the max concurrent uploaded layers for each push',
};
const localFlags = [
  ...['manifest', 'manifest-type', 'max-concurrent-uploaded-layers', 'allow-non-distributable-blobs'],
  ...localRegistryFlags,
];

const leaf: Leaf = {
  usage: '[flags] <remote> [<local>]',
  description: [
    'Pushes an image reference from containerd.\n',
    '  All resources associated with the manifest reference will be pushed.',
    '  The ref is used to resolve to a locally existing image manifest.',
    '  The image manifest must exist before push. Creating a new image',
    '  manifest can be done through calculating the diff for layers,',
    '  creating the associated configuration, and creating the manifest',
    '  which references those resources.\n',
  ].join('\n'),
  flags: [
    ...registryFlags,
    text('manifest', 'Digest of manifest'),
    {...text('manifest-type', 'Media type of manifest digest'), default: mediaTypes.ociManifest},
    list('platform', 'Push content from a specific platform'),
    concurrency,
    bool('local', 'Push content from local client rather than using transfer service'),
    bool('allow-non-distributable-blobs', 'Allow pushing blobs that are marked as non-distributable'),
  ],
  async run(invocation) {
    const {flags, args} = invocation;
    const remote = requireArgument(args, 0, 'please provide a remote image reference to push');
    if (!flags.bool('local')) refuseWithoutLocal(flags, localFlags);
    const platforms = flags.list('platform').map(parsePlatform);
    const ends = async () => ({
      source: {type: 'store', store: {name: args[1] ?? remote, platforms}} as const,
      destination: await registryEnd(invocation, remote),
    });
    await transferOr(invocation, ends, () => pushLocally(invocation, remote));
  },
};
export default leaf;

async function pushLocally({ctx, client, flags, args, print}: Invocation, remote: string): Promise<void> {
  const given = flags.text('manifest');
  const target = given
    ? await manifestOf(ctx, client, given, flags.text('manifest-type'))
    : (await getImage(ctx, client, args[1] ?? remote)).target;
  using registry = await registryOf(flags);
  const progress = progressPrinter(process.stdout);
  const [platform, ...others] = flags.list('platform').map(parsePlatform);
  const concurrency = flags.number('max-concurrent-uploaded-layers');
  const pushed = await pushImage(ctx, client, {
    ...{target, reference: withDefaultTag(parseReference(remote)), registry, onProgress: progress.show},
    ...(platform && others.length === 0 ? {platform} : {}),
    ...(platform && others.length > 0 ? {platforms: [platform, ...others]} : {}),
    ...(concurrency > 0 ? {concurrency} : {}),
    foreignLayers: flags.bool('allow-non-distributable-blobs'),
  });
  progress.finish();
  print(`${pushed.mediaType} ${pushed.digest}\n`);
}

async function manifestOf(
  ctx: CallContext,
  client: ContainerdClient,
  digest: string,
  mediaType: string,
): Promise<Descriptor> {
  parseDigest(digest);
  const size = await contentSize(ctx, client, digest);
  if (size === undefined) throw new EngineError('not-found', `content digest ${digest}: not found`);
  return {mediaType, digest, size};
}
