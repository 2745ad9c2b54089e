import {isErrorCode} from '@longshore/errdefs';
import type {Leaf} from '../../command/command.ts';
import {bool} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';

const leaf: Leaf = {
  usage: '<name> [<name>, ...]',
  flags: [bool('cgroup', "Delete the namespace's cgroup", 'c')].map(flag => ({
    ...flag,
    unsupported: 'remove the cgroup of the namespace with rmdir',
  })),
  async run({ctx, client, args, print}) {
    requireArgument(args, 0, 'a namespace name');
    for (const name of args) {
      try {
        await client.namespaces.delete(ctx, {name});
      } catch (error) {
        if (!isErrorCode(error, 'not-found')) throw error;
      }
      print(`${name}\n`);
    }
  },
};
export default leaf;
