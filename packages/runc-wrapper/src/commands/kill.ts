import {EngineError} from '@longshore/errdefs';
import {signalNumber} from '@longshore/linux';
import {type Command, containerIdText} from '../cli/command.ts';

export const command: Command = {
  name: 'kill',
  summary: "send a signal (default: SIGTERM) to a container's first process",
  argumentsText: '<container-id> [signal]',
  description: `${containerIdText}
The signal is a number or a name, with or without SIG.
`,
  flags: [{names: ['all', 'a'], kind: 'boolean', help: 'to all processes of the container'}],
  arguments: {min: 1, max: 2},
  async run({args, runtime}) {
    const [id = '', signal = 'SIGTERM'] = args.positional;
    runtime().load(id); // a missing container comes before a bad signal
    await runtime().kill(id, parseSignal(signal), {all: args.boolean('all')});
    return 0;
  },
};

/** A number is taken as it is: 0 probes, and the kernel says which others there are. */
function parseSignal(text: string): number {
  if (/^\+?\d+$/.test(text)) return Number(text);
  try {
    return signalNumber(text);
  } catch (error) {
    throw new EngineError('invalid-argument', `unknown signal ${JSON.stringify(text)}`, {cause: error});
  }
}
