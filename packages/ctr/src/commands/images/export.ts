import {createWriteStream} from 'node:fs';
import {rm} from 'node:fs/promises';
import {pipeline} from 'node:stream/promises';
import {exportArchive, getImage} from '@longshore/containerd-client';
import {write} from '@longshore/term';
import type {Leaf} from '../../command/command.ts';
import {bool, text, unsupported} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {platformOf} from '../../format/platforms.ts';

const leaf: Leaf = {
  usage: '[flags] <out> <image> ...',
  description: 'Export images to an OCI tar archive; "-" is standard output.',
  flags: [
    bool('skip-manifest-json', 'Do not add Docker compatible manifest.json to archive'),
    text('platform', 'Pull content from a specific platform'),
    bool('local', 'Run export locally rather than through transfer API'),
    ...unsupported(
      'not implemented by this ctr yet',
      bool('all-platforms', 'Exports content from all platforms'),
      bool('skip-non-distributable', 'Do not add non-distributable blobs such as Windows layers to archive'),
    ),
  ],
  async run({ctx, client, flags, args}) {
    const file = requireArgument(args, 0, 'the archive');
    requireArgument(args, 1, 'at least one image');
    const images = await Promise.all(args.slice(1).map(name => getImage(ctx, client, name)));
    const platform = platformOf(flags.text('platform'));
    const archive = exportArchive(ctx, client, {
      ...{images, skipDockerManifest: flags.bool('skip-manifest-json'), ...(platform ? {platform} : {})},
    });
    if (file === '-') {
      for await (const chunk of archive) await write(process.stdout, chunk);
      return;
    }
    try {
      await pipeline(archive, createWriteStream(file));
    } catch (error) {
      await rm(file, {force: true}); // half an archive is worse than none
      throw error;
    }
  },
};
export default leaf;
