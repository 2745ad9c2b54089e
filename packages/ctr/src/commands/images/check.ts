import {contentSize, isUnpacked, listImages, readImage} from '@longshore/containerd-client';
import {isErrorCode} from '@longshore/errdefs';
import type {Invocation, Leaf} from '../../command/command.ts';
import {bool, text} from '../../command/command.ts';
import {sizeText} from '../../format/size.ts';
import {narrow, openTable} from '../../format/table.ts';

type Image = Awaited<ReturnType<typeof listImages>>[number];

const leaf: Leaf = {
  usage: '[flags] [<filter>, ...]',
  description: 'Check existing images to ensure all content is available locally and that they are unpacked.',
  flags: [
    {...text('snapshotter', 'Snapshotter name'), env: 'CONTAINERD_SNAPSHOTTER', default: 'overlayfs'},
    bool('quiet', 'Print only the ready image refs (fully downloaded and unpacked)', 'q'),
  ],
  async run(invocation) {
    const {ctx, client, flags, args, print} = invocation;
    const rows = [];
    for (const image of await listImages(ctx, client, args)) rows.push(await checkImage(invocation, image));
    const ready = rows.filter(row => row[3]?.startsWith('complete') && row[5] === 'true');
    if (flags.bool('quiet')) print(ready.map(([name]) => `${name}\n`).join(''));
    else if (rows.length > 0) {
      print(openTable([['REF', 'TYPE', 'DIGEST', 'STATUS', 'SIZE', 'UNPACKED'], ...rows], narrow));
    }
  },
};
export default leaf;

async function checkImage({ctx, client, flags}: Invocation, image: Image): Promise<string[]> {
  const {name, target} = image;
  try {
    const {manifestJson} = await readImage(ctx, client, target);
    const blobs = [manifestJson.config, ...manifestJson.layers];
    const sizes = await Promise.all(blobs.map(blob => contentSize(ctx, client, blob.digest)));
    const present = sizes.filter(size => size !== undefined);
    const have = present.reduce((sum, size) => sum + size, 0);
    const want = blobs.reduce((sum, blob) => sum + blob.size, 0);
    const status = `${have === want ? 'complete' : 'incomplete'} (${present.length}/${blobs.length})`;
    const unpacked = await isUnpacked(ctx, client, {target, snapshotter: flags.text('snapshotter')});
    return [name, target.mediaType, target.digest, status, `${sizeText(have)}/${sizeText(want)}`, String(unpacked)];
  } catch (error) {
    if (!isErrorCode(error, 'not-found')) throw error;
    return [name, target.mediaType, target.digest, 'unavailable (0/?)', '0.0 B/?', 'false'];
  }
}
