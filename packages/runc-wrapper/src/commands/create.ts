import {type Command, exactlyOne} from '../cli/command.ts';
import {
  bundleFlag,
  consoleSocketFlag,
  noNewKeyringFlag,
  noPivotFlag,
  pidFileFlag,
  pidfdSocketFlag,
  preserveFdsFlag,
} from '../cli/common-flags.ts';
import {passToRuntime} from '../cli/pass-through.ts';

export const command: Command = {
  name: 'create',
  summary: 'create a container, whose process waits for "start"',
  argumentsText: '<container-id>',
  description: `The bundle is a directory with a "config.json" and the root filesystem; see "spec" for a config.json to
begin with. The <container-id> is yours to choose and unique within the --root.
`,
  flags: [bundleFlag, consoleSocketFlag, pidfdSocketFlag, pidFileFlag, noPivotFlag, noNewKeyringFlag, preserveFdsFlag],
  arguments: exactlyOne,
  async run(context) {
    if (!context.args.has('pidfd-socket')) passToRuntime(context, 'create');
    return (await import('../cli/with-pidfd.ts')).createWithPidfd(context);
  },
};
