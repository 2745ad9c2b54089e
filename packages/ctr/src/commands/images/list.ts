import {imageUsage, listImages} from '@longshore/containerd-client';
import type {Leaf} from '../../command/command.ts';
import {bool} from '../../command/command.ts';
import {imagePlatforms} from '../../format/platforms.ts';
import {sizeText} from '../../format/size.ts';
import {labelText, narrow, table} from '../../format/table.ts';

const leaf: Leaf = {
  usage: '[flags] [<filter>, ...]',
  description: 'list images registered with containerd',
  flags: [bool('quiet', 'Print only the image refs', 'q')],
  async run({ctx, client, flags, args, print, logError}) {
    const images = await listImages(ctx, client, args);
    if (flags.bool('quiet')) return print(images.map(image => `${image.name}\n`).join(''));
    const rows = [];
    for (const {name, target, labels} of images) {
      const size = await imageUsage(ctx, client, target).catch(error => {
        logError(`failed calculating size for image ${name}`, error);
        return 0;
      });
      rows.push([
        name,
        target.mediaType,
        target.digest,
        sizeText(size),
        await imagePlatforms(ctx, client, target),
        labelText(labels),
      ]);
    }
    print(table([['REF', 'TYPE', 'DIGEST', 'SIZE', 'PLATFORMS', 'LABELS'], ...rows], narrow));
  },
};
export default leaf;
