import {isErrorCode, messageOf} from '@longshore/errdefs';
import {type Command, containerIdText, exactlyOne} from '../cli/command.ts';
import {passToRuntime} from '../cli/pass-through.ts';
import type {RuncRuntime} from '../runtime.ts';

export const command: Command = {
  name: 'delete',
  summary: 'remove a stopped container: its cgroups and its state',
  argumentsText: '<container-id>',
  description: `${containerIdText}\n`,
  flags: [{names: ['force', 'f'], kind: 'boolean', help: 'kill it first if it runs (SIGKILL)'}],
  arguments: exactlyOne,
  async run(context) {
    const {args, runtime, logError} = context;
    const [id = ''] = args.positional;
    if (isOfSystemd(runtime(), id)) passToRuntime(context, 'delete');
    await runtime().delete(id, {
      force: args.boolean('force'),
      // The container is gone all the same: runc logs this and succeeds.
      onCleanupError: error => logError(messageOf(error)),
    });
    return 0;
  },
};

/** The runtime stops the unit of such a container over D-Bus. */
function isOfSystemd(runtime: RuncRuntime, id: string): boolean {
  try {
    return runtime.load(id).systemdCgroup;
  } catch (error) {
    if (isErrorCode(error, 'not-found')) return false;
    throw error;
  }
}
