import {listImages, unpackImage} from '@longshore/containerd-client';
import {EngineError} from '@longshore/errdefs';
import {bool, type Leaf} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {snapshotterFlag} from '../../flags.ts';

const leaf: Leaf = {
  usage: '[flags] <digest>',
  flags: [
    snapshotterFlag,
    bool('sync-fs', 'Synchronize the underlying filesystem containing files when unpack images, false by default'),
  ],
  async run({ctx, client, flags, args, print}) {
    const digest = requireArgument(args, 0, 'the digest of an image must be provided');
    const image = (await listImages(ctx, client)).find(candidate => candidate.target.digest === digest);
    if (!image) throw new EngineError('not-found', `no image has the digest ${digest}`);
    const {chainId} = await unpackImage(ctx, client, {
      ...{target: image.target, snapshotter: flags.text('snapshotter'), syncFs: flags.bool('sync-fs')},
    });
    print(`unpacked ${digest} as ${chainId}\n`);
  },
};
export default leaf;
