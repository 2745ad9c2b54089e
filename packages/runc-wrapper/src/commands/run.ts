import {type Command, exactlyOne} from '../cli/command.ts';
import {
  bundleFlag,
  consoleSocketFlag,
  detachFlag,
  keepFlag,
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
    keepFlag,
    pidFileFlag,
    noSubreaperFlag,
    noPivotFlag,
    noNewKeyringFlag,
    preserveFdsFlag,
  ],
  arguments: exactlyOne,
  // In the foreground the runtime proxies the terminal and the signals between create and start: all of it is its own.
  async run(context) {
    if (!context.args.has('pidfd-socket')) passToRuntime(context, 'run');
    return (await import('../cli/with-pidfd.ts')).runWithPidfd(context);
  },
};
