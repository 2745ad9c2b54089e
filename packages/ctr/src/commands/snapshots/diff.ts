import {readContent, withLease} from '@longshore/containerd-client';
import {mediaTypes} from '@longshore/oci';
import {write} from '@longshore/term';
import type {Leaf} from '../../command/command.ts';
import {bool, list, text} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {snapshotterFlag} from '../../flags.ts';
import {diffSnapshots} from '../../snapshot-mounts.ts';

const leaf: Leaf = {
  usage: '[flags] <idA> [<idB>]',
  flags: [
    snapshotterFlag,
    {...text('media-type', 'Media type to use for creating diff'), default: mediaTypes.ociLayerGzip},
    text('ref', 'Content upload reference to use'),
    bool('keep', 'Keep diff content. up to creator to delete it.'),
    list('label', 'Labels to attach to the diff'),
  ],
  async run({ctx, client, flags, args}) {
    const key = requireArgument(args, 0, 'snapshot id must be provided');
    const snapshots = {snapshotter: flags.text('snapshotter'), key, ...(args[1] ? {other: args[1]} : {})};
    const labels = flags.labels('label');
    if (flags.bool('keep')) labels['containerd.io/gc.root'] = new Date().toISOString();
    // Without --keep the layer goes with the lease, once it was shown.
    await withLease(ctx, client, async leased => {
      const options = {mediaType: flags.text('media-type'), ref: flags.text('ref'), labels};
      const {digest} = await diffSnapshots(leased, client, snapshots, options);
      for await (const chunk of readContent(leased, client, digest)) await write(process.stdout, chunk);
    });
  },
};
export default leaf;
