import {bool, type Leaf} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';

const leaf: Leaf = {
  usage: '<id> [<id>, ...]',
  flags: [bool('force', 'Ignore shutdown errors when removing sandbox', 'f')],
  async run({ctx, client, flags, args, print, logError}) {
    requireArgument(args, 0, 'a sandbox id must be provided');
    let failed: unknown;
    for (const sandboxId of args) {
      try {
        const {sandbox} = await client.sandboxStore.get(ctx, {sandboxId});
        const sandboxer = sandbox?.sandboxer || 'shim';
        await client.sandboxController.shutdown(ctx, {sandboxId, sandboxer}).catch(error => {
          if (!flags.bool('force')) throw error;
          logError(`failed to shutdown sandbox ${sandboxId}`, error);
        });
        await client.sandboxStore.delete(ctx, {sandboxId});
        print(`${sandboxId}\n`);
      } catch (error) {
        logError(`failed to remove sandbox ${sandboxId}`, error);
        failed = error;
      }
    }
    if (failed) throw failed;
  },
};
export default leaf;
