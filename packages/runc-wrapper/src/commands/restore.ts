import {type Command, containerIdText, exactlyOne} from '../cli/command.ts';
import {
  bundleFlag,
  consoleSocketFlag,
  criuFlags,
  detachFlag,
  noPivotFlag,
  noSubreaperFlag,
  pidFileFlag,
} from '../cli/common-flags.ts';
import {passToRuntime} from '../cli/pass-through.ts';

export const command: Command = {
  name: 'restore',
  summary: 'bring back a container from a checkpoint (needs CRIU)',
  argumentsText: '<container-id>',
  description: `${containerIdText}\n`,
  flags: [
    consoleSocketFlag,
    ...criuFlags,
    bundleFlag,
    detachFlag,
    pidFileFlag,
    noSubreaperFlag,
    noPivotFlag,
    {names: ['lsm-profile'], kind: 'string', help: 'security profile of the restored container, as TYPE:NAME'},
    {names: ['lsm-mount-context'], kind: 'string', help: 'security context of its mounts'},
  ],
  arguments: exactlyOne,
  run: context => passToRuntime(context, 'restore'),
};
