import type {Process, Spec} from '@longshore/api/oci';
import {jsonTypeUrl} from '@longshore/api/type-urls';
import {randomHex} from '@longshore/base';
import {packJson, unpackJson} from '@longshore/containerd-client';
import {EngineError} from '@longshore/errdefs';
import {bool, type Invocation, type Leaf, text} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {resolveUser} from '../../spec/user.ts';
import {cleanupContext, detachKeysFlag, waitAttached} from '../../task/attached.ts';
import {openStdio} from '../../task/stdio.ts';
import type {ProcessName} from '../../task/terminal.ts';

const leaf: Leaf = {
  usage: '[flags] CONTAINER CMD [ARG...]',
  flags: [
    text('cwd', 'Working directory of the new process'),
    bool('tty', 'Allocate a TTY for the container', 't'),
    bool('detach', 'Detach from the task after it has started execution', 'd'),
    text('exec-id', 'Exec specific id for the process'),
    text('fifo-dir', 'Directory used for storing IO FIFOs'),
    text('log-uri', 'Log uri for custom shim logging'),
    text('user', 'User id or name'),
    detachKeysFlag,
  ],
  async run(invocation) {
    const {ctx, client, flags, args} = invocation;
    const containerId = requireArgument(args, 0, 'container id must be provided');
    requireArgument(args, 1, 'command must be provided');
    const name = {containerId, execId: flags.text('exec-id') || `exec-${randomHex(4)}`};
    const process = await execProcess(invocation, containerId);
    const terminal = flags.bool('tty');
    const detach = flags.bool('detach');
    const logUri = flags.text('log-uri');
    const directory = flags.text('fifo-dir');
    using stdio = await openStdio(name.execId, {directory, terminal, none: detach && logUri === '', logUri});
    await client.tasks.exec(ctx, {...name, terminal, ...stdio.paths, spec: packJson(jsonTypeUrl.process, process)});
    const start = () => startOrRemove(invocation, name);
    if (!detach) {
      const remove = () => client.tasks.deleteProcess(ctx, name);
      return await waitAttached(invocation, {name, terminal, stdio, start, remove});
    }
    await start(); // it is deleted with its container
    stdio.keepFifos();
    return undefined;
  },
};
export default leaf;

/** The container's own process is the template: its environment, user and capabilities. */
async function execProcess({ctx, client, flags, args}: Invocation, id: string): Promise<Process> {
  const {container} = await client.containers.get(ctx, {id});
  const spec = unpackJson(container?.spec) as Spec | undefined;
  if (!spec?.process)
    throw new EngineError('failed-precondition', `container ${id} has no process in its specification`);
  const process: Process = {...spec.process, args: args.slice(1), terminal: flags.bool('tty')};
  if (flags.text('cwd')) process.cwd = flags.text('cwd');
  if (flags.text('user')) process.user = resolveUser(flags.text('user'), await rootOf({ctx, client}, id));
  return process;
}

/** The root of the running container, as its first process sees it. */
async function rootOf({ctx, client}: Pick<Invocation, 'ctx' | 'client'>, containerId: string): Promise<string> {
  const {process} = await client.tasks.get(ctx, {containerId});
  return `/proc/${process?.pid ?? 0}/root`;
}

async function startOrRemove({ctx, client}: Invocation, name: ProcessName): Promise<void> {
  try {
    await client.tasks.start(ctx, name);
  } catch (error) {
    await client.tasks.deleteProcess(cleanupContext(ctx), name).catch(() => {});
    throw error;
  }
}
