import {type Command, containerIdText, exactlyOne} from '../cli/command.ts';

export const command: Command = {
  name: 'resume',
  summary: 'let the processes of a paused container go on',
  argumentsText: '<container-id>',
  description: `${containerIdText}\n`,
  flags: [],
  arguments: exactlyOne,
  async run({args, runtime}) {
    await runtime().resume(args.positional[0]!);
    return 0;
  },
};
