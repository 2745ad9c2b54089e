import type {Leaf} from '../../command/command.ts';
import {bool} from '../../command/command.ts';
import {argumentOrHelp} from '../../command/dispatch.ts';

const leaf: Leaf = {
  usage: '[flags] <lease id> ...',
  flags: [bool('sync', 'Synchronously remove leases and all unreferenced resources')],
  async run({ctx, client, flags, args, print}) {
    argumentOrHelp(args, 0);
    for (const [index, id] of args.entries()) {
      await client.leases.delete(ctx, {id, sync: flags.bool('sync') && index === args.length - 1});
      print(`${id}\n`);
    }
  },
};
export default leaf;
