import {deleteImage} from '@longshore/containerd-client';
import {isErrorCode, messageOf} from '@longshore/errdefs';
import type {Leaf} from '../../command/command.ts';
import {bool} from '../../command/command.ts';

const leaf: Leaf = {
  usage: '[flags] <ref> [<ref>, ...]',
  description: 'remove one or more images by reference',
  flags: [bool('sync', 'Synchronously remove image and all associated resources')],
  async run({ctx, client, flags, args, print, warn}) {
    let failed: unknown;
    for (const [index, name] of args.entries()) {
      try {
        // One collection at the end is enough for all of them.
        await deleteImage(ctx, client, name, {sync: flags.bool('sync') && index === args.length - 1});
        print(`${name}\n`);
      } catch (error) {
        if (isErrorCode(error, 'not-found')) warn(`${name}: image not found`);
        else {
          warn(`unable to delete ${name}: ${messageOf(error)}`);
          failed = error;
        }
      }
    }
    if (failed) throw failed;
  },
};
export default leaf;
