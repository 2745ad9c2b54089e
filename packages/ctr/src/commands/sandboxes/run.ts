import {readFile} from 'node:fs/promises';
import {jsonTypeUrl} from '@longshore/api/type-urls';
import {packJson} from '@longshore/containerd-client';
import {EngineError} from '@longshore/errdefs';
import {type Leaf, text} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {cleanupContext} from '../../task/attached.ts';

/** The controller that runs sandboxes by shims. */
const sandboxer = 'shim';

const leaf: Leaf = {
  usage: '[flags] <pod-config.json> <sandbox-id>',
  flags: [{...text('runtime', 'Runtime name'), default: 'io.containerd.runc.v2'}],
  async run({ctx, client, flags, args, print}) {
    const file = requireArgument(args, 0, 'pod config file must be provided');
    const sandboxId = requireArgument(args, 1, 'sandbox id must be provided');
    const spec = packJson(jsonTypeUrl.spec, await readConfig(file));
    const sandbox = {sandboxId, spec, sandboxer, runtime: {name: flags.text('runtime')}};
    await client.sandboxStore.create(ctx, {sandbox});
    try {
      await client.sandboxController.create(ctx, {sandboxId, sandboxer, sandbox});
      await client.sandboxController.start(ctx, {sandboxId, sandboxer});
    } catch (error) {
      const own = cleanupContext(ctx);
      await client.sandboxController.shutdown(own, {sandboxId, sandboxer}).catch(() => {});
      await client.sandboxStore.delete(own, {sandboxId}).catch(() => {});
      throw error;
    }
    print(`${sandboxId}\n`);
  },
};
export default leaf;

async function readConfig(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new EngineError('invalid-argument', `cannot read sandbox config ${file}: ${(error as Error).message}`);
  }
}
