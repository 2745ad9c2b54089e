import {type Command, type CommandContext, exactlyOne} from '../cli/command.ts';
import {
  bundleFlag,
  consoleSocketFlag,
  noNewKeyringFlag,
  noPivotFlag,
  pidFileFlag,
  pidfdSocketFlag,
  preserveFdsFlag,
} from '../cli/common-flags.ts';
import {withoutFlag} from '../cli/flags.ts';
import {passToRuntime, runRuntime} from '../cli/pass-through.ts';
import {sendPidfd} from '../pidfd-socket.ts';

export const command: Command = {
  name: 'create',
  summary: 'create a container, whose process waits for "start"',
  argumentsText: '<container-id>',
  description: `The bundle is a directory with a "config.json" and the root filesystem; see "spec" for a config.json to
begin with. The <container-id> is yours to choose and unique within the --root.
`,
  flags: [bundleFlag, consoleSocketFlag, pidfdSocketFlag, pidFileFlag, noPivotFlag, noNewKeyringFlag, preserveFdsFlag],
  arguments: exactlyOne,
  run: context => (context.args.has('pidfd-socket') ? createWithPidfd(context) : passToRuntime(context, 'create')),
};

/** Runtimes older than runc 1.2 do not know the flag: the pidfd is sent from here, whatever the runtime is. */
async function createWithPidfd(context: CommandContext): Promise<number> {
  const exitStatus = await runRuntime(context, 'create', withoutFlag(context.rawArguments, 'pidfd-socket'));
  if (exitStatus !== 0) return exitStatus;
  const runtime = context.runtime();
  const id = context.args.positional[0]!;
  try {
    sendPidfd(context.args.text('pidfd-socket')!, runtime.load(id).pid, 'standard');
  } catch (error) {
    await runtime.delete(id, {force: true}); // a create that fails leaves nothing
    throw error;
  }
  return 0;
}
