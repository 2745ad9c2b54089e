import {type Command, containerIdText, exactlyOne} from '../cli/command.ts';
import {goJson} from '../cli/go-json.ts';
import {print} from '../cli/output.ts';

export const command: Command = {
  name: 'state',
  summary: 'show the state of a container, as JSON',
  argumentsText: '<container-id>',
  description: `${containerIdText}\n`,
  flags: [],
  arguments: exactlyOne,
  async run({args, runtime}) {
    print(goJson(await runtime().state(args.positional[0]!), 2)); // no newline, as runc
    return 0;
  },
};
