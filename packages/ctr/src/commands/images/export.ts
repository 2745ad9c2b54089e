import {createWriteStream} from 'node:fs';
import {rm} from 'node:fs/promises';
import {pipeline} from 'node:stream/promises';
import {exportArchive, getImage} from '@longshore/containerd-client';
import {parsePlatform} from '@longshore/oci';
import {write} from '@longshore/term';
import type {Invocation, Leaf} from '../../command/command.ts';
import {bool, list} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {transferOr} from '../../transfer/run-transfer.ts';

const leaf: Leaf = {
  usage: '[flags] <out> <image> ...',
  description: [
    'Export images to an OCI tar archive.\n',
    'Tar output is formatted as an OCI archive, a Docker manifest is provided for the platform.',
    "Use '--skip-manifest-json' to avoid including the Docker manifest.json file.",
    "Use '--platform' to define the output platform.",
    "When '--all-platforms' is given all images in a manifest list must be available.\n",
  ].join('\n'),
  flags: [
    bool('skip-manifest-json', 'Do not add Docker compatible manifest.json to archive'),
    bool('skip-non-distributable', 'Do not add non-distributable blobs such as Windows layers to archive'),
    list('platform', 'Pull content from a specific platform'),
    bool('all-platforms', 'Exports content from all platforms'),
    bool('local', 'Run export locally rather than through transfer API'),
  ],
  async run(invocation) {
    const {flags, args} = invocation;
    const file = requireArgument(args, 0, 'please provide both an output filename and an image reference to export');
    requireArgument(args, 1, 'please provide both an output filename and an image reference to export');
    const platforms = flags.list('platform').map(parsePlatform);
    const options = {
      platforms,
      allPlatforms: flags.bool('all-platforms'),
      skipCompatibilityManifest: flags.bool('skip-manifest-json'),
      skipNonDistributable: flags.bool('skip-non-distributable'),
    };
    const extraReferences = args.slice(1).map(name => ({name}));
    const ends = async () => ({
      source: {type: 'store', store: {extraReferences}} as const,
      destination: {type: 'export', options, write: (bytes: AsyncIterable<Uint8Array>) => save(file, bytes)} as const,
    });
    await transferOr(invocation, ends, () => exportLocally(invocation, file));
  },
};
export default leaf;

async function exportLocally({ctx, client, flags, args}: Invocation, file: string): Promise<void> {
  const images = await Promise.all(args.slice(1).map(name => getImage(ctx, client, name)));
  const [platform, ...others] = flags.list('platform').map(parsePlatform);
  const archive = exportArchive(ctx, client, {
    ...{images, skipDockerManifest: flags.bool('skip-manifest-json'), allPlatforms: flags.bool('all-platforms')},
    ...(platform && others.length === 0 ? {platform} : {}),
    ...(platform && others.length > 0 ? {platforms: [platform, ...others]} : {}),
    skipForeignLayers: flags.bool('skip-non-distributable'),
  });
  await save(file, archive);
}

async function save(file: string, archive: AsyncIterable<Uint8Array>): Promise<void> {
  if (file === '-') {
    for await (const chunk of archive) await write(process.stdout, chunk);
    return;
  }
  try {
    await pipeline(archive, createWriteStream(file, {highWaterMark: 1 << 20}));
  } catch (error) {
    await rm(file, {force: true}); // half an archive is worse than none
    throw error;
  }
}
