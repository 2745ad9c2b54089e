import {type Command, containerIdText, exactlyOne} from '../cli/command.ts';
import {passToRuntime} from '../cli/pass-through.ts';

export const command: Command = {
  name: 'events',
  summary: 'show what a container uses, and when it runs out of memory',
  argumentsText: '<container-id>',
  description: `${containerIdText}
One JSON object a line, by default every 5 seconds.
`,
  flags: [
    {names: ['interval'], kind: 'duration', help: 'time between two statistics', default: '5s'},
    {names: ['stats'], kind: 'boolean', help: 'show the statistics once'},
  ],
  arguments: exactlyOne,
  run: context => passToRuntime(context, 'events'),
};
