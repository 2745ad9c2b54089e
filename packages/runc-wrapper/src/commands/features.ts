import {type Command, none} from '../cli/command.ts';
import {passToRuntime} from '../cli/pass-through.ts';

export const command: Command = {
  name: 'features',
  summary: 'show what the OCI runtime can do, as JSON',
  argumentsText: '',
  description: 'The answer is that of the runtime that creates the containers (see --runtime-binary).\n',
  flags: [],
  arguments: none,
  run: context => passToRuntime(context, 'features'),
};
