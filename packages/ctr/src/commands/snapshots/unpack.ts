import {listImages, unpackImage} from '@longshore/containerd-client';
import {EngineError} from '@longshore/errdefs';
import type {Leaf} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {snapshotterFlag} from '../../flags.ts';

const leaf: Leaf = {
  usage: '[flags] <digest>',
  flags: [snapshotterFlag],
  async run({ctx, client, flags, args, print}) {
    const digest = requireArgument(args, 0, 'the digest of an image');
    const image = (await listImages(ctx, client)).find(candidate => candidate.target.digest === digest);
    if (!image) throw new EngineError('not-found', `no image has the digest ${digest}`);
    const {chainId} = await unpackImage(ctx, client, {target: image.target, snapshotter: flags.text('snapshotter')});
    print(`unpacked ${digest} as ${chainId}\n`);
  },
};
export default leaf;
