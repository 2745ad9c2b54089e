import {isErrorCode, messageOf} from '@longshore/errdefs';
import type {Leaf} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';

const leaf: Leaf = {
  usage: '[<digest>, ...]',
  description: 'Delete one or more blobs permanently. Successfully deleted blobs are printed to stdout.',
  flags: [],
  async run({ctx, client, args, print, warn}) {
    requireArgument(args, 0, 'at least one digest');
    let status = 0;
    for (const digest of args) {
      try {
        await client.content.delete(ctx, {digest});
        print(`${digest}\n`);
      } catch (error) {
        if (!isErrorCode(error, 'not-found')) status = 1;
        warn(`unable to delete ${digest}: ${messageOf(error)}`);
      }
    }
    return status;
  },
};
export default leaf;
