import {isErrorCode} from '@longshore/errdefs';
import type {Leaf} from '../../command/command.ts';
import {digestArgument, requireArgument} from '../../command/dispatch.ts';

const leaf: Leaf = {
  usage: '[<digest>, ...]',
  description: 'Delete one or more blobs permanently. Successfully deleted blobs are printed to stdout.',
  flags: [],
  async run({ctx, client, args, print, logError}) {
    requireArgument(args, 0, 'at least one digest must be provided');
    let failed: unknown;
    for (const digest of args) {
      try {
        await client.content.delete(ctx, {digest: digestArgument([digest], 0)});
        print(`${digest}\n`);
      } catch (error) {
        if (!isErrorCode(error, 'not-found')) failed ??= error;
        logError(`could not delete ${digest}`, error);
      }
    }
    if (failed) throw failed;
  },
};
export default leaf;
