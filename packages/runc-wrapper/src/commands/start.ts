import {type Command, containerIdText, exactlyOne} from '../cli/command.ts';
import {passToRuntime} from '../cli/pass-through.ts';

export const command: Command = {
  name: 'start',
  summary: 'let the process of a created container run',
  argumentsText: '<container-id>',
  description: `${containerIdText}\n`,
  flags: [],
  arguments: exactlyOne,
  async run(context) {
    // With a service manager waiting, the runtime stays to forward READY=1 from the container.
    if (process.env.NOTIFY_SOCKET) passToRuntime(context, 'start');
    await context.runtime().start(context.args.positional[0]!);
    return 0;
  },
};
