import {getImage, isUnpacked, readImage} from '@longshore/containerd-client';
import {EngineError} from '@longshore/errdefs';
import {chainIds} from '@longshore/oci';
import type {Leaf} from '../../command/command.ts';
import {text} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {sizeText} from '../../format/size.ts';
import {narrow, table} from '../../format/table.ts';

const leaf: Leaf = {
  usage: '[flags] <ref>',
  flags: [{...text('snapshotter', 'Snapshotter name'), env: 'CONTAINERD_SNAPSHOTTER', default: 'overlayfs'}],
  async run({ctx, client, flags, args, print}) {
    const name = requireArgument(args, 0, 'an image reference must be provided');
    const snapshotter = flags.text('snapshotter');
    const {target} = await getImage(ctx, client, name);
    if (!(await isUnpacked(ctx, client, {target, snapshotter})))
      throw new EngineError('failed-precondition', `image ${name} is not unpacked`);
    const {config} = await readImage(ctx, client, target);
    const rows = [];
    for (const key of chainIds(config.rootfs.diff_ids)) {
      const {size, inodes} = await client.snapshots.usage(ctx, {snapshotter, key});
      rows.push([key, sizeText(Number(size)), String(inodes)]);
    }
    print(table([['KEY', 'SIZE', 'INODES'], ...rows.reverse()], narrow));
  },
};
export default leaf;
