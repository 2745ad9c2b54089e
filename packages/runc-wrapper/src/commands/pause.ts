import {type Command, containerIdText, exactlyOne} from '../cli/command.ts';

export const command: Command = {
  name: 'pause',
  summary: 'stop all processes of a container where they are',
  argumentsText: '<container-id>',
  description: `${containerIdText}\n`,
  flags: [],
  arguments: exactlyOne,
  async run({args, runtime}) {
    await runtime().pause(args.positional[0]!);
    return 0;
  },
};
