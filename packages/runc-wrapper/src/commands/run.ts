import {type Command, exactlyOne} from '../cli/command.ts';
import {
  bundleFlag,
  consoleSocketFlag,
  detachFlag,
  noNewKeyringFlag,
  noPivotFlag,
  noSubreaperFlag,
  pidFileFlag,
  pidfdSocketFlag,
  preserveFdsFlag,
} from '../cli/common-flags.ts';
import {passToRuntime} from '../cli/pass-through.ts';

export const command: Command = {
  name: 'run',
  summary: 'create a container, start it, and wait for it',
  argumentsText: '<container-id>',
  description: `The exit code is that of the container's process, or 128 and the number of the signal that ended it. The
container is deleted afterwards.
`,
  flags: [
    bundleFlag,
    consoleSocketFlag,
    pidfdSocketFlag,
    detachFlag,
    {names: ['keep'], kind: 'boolean', help: 'do not delete the container afterwards'},
    pidFileFlag,
    noSubreaperFlag,
    noPivotFlag,
    noNewKeyringFlag,
    preserveFdsFlag,
  ],
  arguments: exactlyOne,
  // In the foreground the runtime proxies the terminal and the signals between create and start: all of it is its own.
  run: context => passToRuntime(context, 'run'),
};
