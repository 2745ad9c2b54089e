import {messageOf} from '@longshore/errdefs';
import {type Command, containerIdText, exactlyOne} from '../cli/command.ts';

export const command: Command = {
  name: 'delete',
  summary: 'remove a stopped container: its cgroups and its state',
  argumentsText: '<container-id>',
  description: `${containerIdText}\n`,
  flags: [{names: ['force', 'f'], kind: 'boolean', help: 'kill it first if it runs (SIGKILL)'}],
  arguments: exactlyOne,
  async run({args, runtime, logError}) {
    await runtime().delete(args.positional[0]!, {
      force: args.boolean('force'),
      // The container is gone all the same: runc logs this and succeeds.
      onCleanupError: error => logError(messageOf(error)),
    });
    return 0;
  },
};
