import {resolve} from 'node:path';
import {isErrorCode} from '@longshore/errdefs';
import {readMountInfo, umount} from '@longshore/linux';
import {bool, type Leaf, list, unsupported} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {snapshotterFlag} from '../../flags.ts';
import {unusedRegistryFlags} from '../../registry-flags.ts';

const leaf: Leaf = {
  usage: '[flags] <target>',
  description: 'Unmount the image rootfs from the specified target.',
  flags: [
    snapshotterFlag,
    bool('rm', 'Remove the snapshot after a successful unmount'),
    ...unsupported('labels are given to "ctr images mount"', list('label', 'Labels to attach to the image')),
    ...unusedRegistryFlags(),
  ],
  async run({ctx, client, flags, args, print}) {
    const target = requireArgument(args, 0, 'please provide a target path to unmount from');
    // Mounted several times, it is unmounted as often.
    for (const {mountPoint} of readMountInfo()) if (mountPoint === resolve(target)) umount(mountPoint);
    if (flags.bool('rm')) {
      const ignoreMissing = (error: unknown) => {
        if (!isErrorCode(error, 'not-found')) throw error;
      };
      await client.leases.delete(ctx, {id: target}).catch(ignoreMissing);
      await client.snapshots.remove(ctx, {snapshotter: flags.text('snapshotter'), key: target}).catch(ignoreMissing);
    }
    print(`${target}\n`);
  },
};
export default leaf;
