import {closeSync, createReadStream, openSync} from 'node:fs';
import {importArchive, type TransferEnd, type UnpackTarget} from '@longshore/containerd-client';
import {EngineError} from '@longshore/errdefs';
import {defaultPlatform, parsePlatform} from '@longshore/oci';
import type {Invocation, Leaf} from '../../command/command.ts';
import {bool, list, text} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {UsageError} from '../../command/errors.ts';
import {refuseWithoutLocal} from '../../registry-flags.ts';
import {transferOr} from '../../transfer/run-transfer.ts';

const leaf: Leaf = {
  usage: '[flags] <in>',
  description: [
    'Import images from a tar stream.',
    'Implemented formats:',
    '- oci.v1',
    '- docker.v1.1',
    '- docker.v1.2\n\n',
    'For OCI v1, you may need to specify --base-name because an OCI archive may',
    'contain only partial image references (tags without the base image name).',
    'If no base image name is provided, a name will be generated as "import-%{yyyy-MM-dd}".\n',
    'e.g.',
    '  $ ctr images import --base-name foo/bar foobar.tar\n',
    'If foobar.tar contains an OCI ref named "latest" and anonymous ref "sha256:deadbeef", the command will create',
    '"foo/bar:latest" and "foo/bar@sha256:deadbeef" images in the containerd store.\n',
  ].join('\n'),
  flags: [
    text('base-name', 'Base image name for added images, when provided only images with this name prefix are imported'),
    bool('digests', 'Whether to create digest images (default: false)'),
    bool(
      'skip-digest-for-named',
      'Skip applying --digests option to images named in the importing tar (use it in conjunction with --digests)',
    ),
    text('index-name', 'Image name to keep index as, by default index is discarded'),
    bool('all-platforms', 'Imports content for all platforms, false by default'),
    text('platform', 'Imports content for specific platform'),
    bool('no-unpack', 'Skip unpacking the images, cannot be used with --discard-unpacked-layers, false by default'),
    bool('local', 'Run import locally rather than through transfer API'),
    bool('compress-blobs', 'Compress uncompressed blobs when creating manifest (Docker format only)'),
    bool(
      'discard-unpacked-layers',
      'Allow the garbage collector to clean layers up from the content store after unpacking, cannot be used with --no-unpack, false by default',
    ),
    bool('sync-fs', 'Synchronize the underlying filesystem containing files when unpack images, false by default'),
    {
      ...text('snapshotter', 'Snapshotter name. Empty value stands for the default value.'),
      ...{env: 'CONTAINERD_SNAPSHOTTER'},
    },
    list('label', 'Labels to attach to the image'),
  ],
  async run(invocation) {
    const {flags, args} = invocation;
    const file = requireArgument(args, 0, 'the archive must be provided');
    if (!flags.bool('local')) refuseWithoutLocal(flags, ['discard-unpacked-layers', 'sync-fs']);
    if (flags.bool('skip-digest-for-named') && !flags.bool('digests')) {
      throw new UsageError('--skip-digest-for-named must be specified with --digests option', false);
    }
    if (flags.bool('discard-unpacked-layers') && flags.bool('no-unpack')) {
      throw new UsageError('--discard-unpacked-layers and --no-unpack are incompatible options', false);
    }
    if (file !== '-') closeSync(openForReading(file)); // now, while nothing is under way
    const open = () => (file === '-' ? process.stdin : createReadStream(file, {highWaterMark: 1 << 20}));
    const ends = async () => ({source: archiveEnd(invocation, open()), destination: storeEnd(invocation)});
    await transferOr(invocation, ends, () => importLocally(invocation, open()));
  },
};
export default leaf;

function openForReading(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    const {code = '', message} = error as NodeJS.ErrnoException;
    const reason = /^[A-Z0-9]+: (.*?), /.exec(message)?.[1] ?? code;
    throw new EngineError(code === 'ENOENT' ? 'not-found' : 'unknown', `open ${path}: ${reason}`, {cause: error});
  }
}

function archiveEnd({flags}: Invocation, bytes: AsyncIterable<Uint8Array>): TransferEnd {
  return {type: 'import', bytes, options: {forceCompress: flags.bool('compress-blobs')}};
}

/** Names that the archive gives stay, unless `--base-name` says where they must be. */
function prefixOf({flags}: Invocation): {name: string; allowOverwrite: boolean} {
  const name = flags.text('base-name');
  if (name !== '') return {name, allowOverwrite: false};
  return {name: `import-${new Date().toISOString().slice(0, 10)}`, allowOverwrite: true};
}

function unpacksOf({flags}: Invocation): UnpackTarget[] {
  if (flags.bool('no-unpack')) return [];
  const platform = flags.text('platform');
  const snapshotter = flags.text('snapshotter');
  return [{platform: platform ? parsePlatform(platform) : defaultPlatform(), ...(snapshotter ? {snapshotter} : {})}];
}

function storeEnd(invocation: Invocation): TransferEnd {
  const {flags} = invocation;
  const platform = flags.text('platform') ? parsePlatform(flags.text('platform')) : defaultPlatform();
  const reference = {
    ...{...prefixOf(invocation), isPrefix: true, addDigest: flags.bool('digests')},
    skipNamedDigest: flags.bool('skip-digest-for-named'),
  };
  const unpacks = unpacksOf(invocation);
  const platforms = flags.bool('all-platforms') ? [] : [platform];
  const store = {name: flags.text('index-name'), labels: flags.labels('label')};
  return {type: 'store', store: {...store, platforms, unpacks, extraReferences: [reference]}};
}

async function importLocally(invocation: Invocation, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const {ctx, client, flags, print} = invocation;
  const {name: prefix, allowOverwrite} = prefixOf(invocation);
  const indexName = flags.text('index-name');
  const imported = await importArchive(ctx, client, bytes, {
    ...{unpacks: unpacksOf(invocation), syncFs: flags.bool('sync-fs'), compress: flags.bool('compress-blobs')},
    ...{labels: flags.labels('label'), discardLayers: flags.bool('discard-unpacked-layers')},
    names: ({name, refName, target}) => {
      const named = nameBelow(name ?? refName, prefix, allowOverwrite);
      const isDigestWanted = flags.bool('digests') && !(named && flags.bool('skip-digest-for-named'));
      return [...(named ? [named] : []), ...(isDigestWanted ? [`${prefix}@${target.digest}`] : [])];
    },
    ...(indexName ? {indexNames: () => [indexName]} : {}),
  });
  for (const {name, target} of imported) {
    print(`${(name ?? target.digest).padEnd(40)}\tsaved\t\n${target.mediaType} ${target.digest}\n`);
  }
}

/** A bare tag gets the prefix; a full name stays if it may be any, or begins with the prefix. */
function nameBelow(given: string | undefined, prefix: string, allowAny: boolean): string | undefined {
  if (given === undefined) return undefined;
  if (!/[/:@]/.test(given)) return `${prefix}:${given}`;
  return allowAny || given.startsWith(prefix) ? given : undefined;
}
