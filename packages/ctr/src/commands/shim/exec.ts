import {readFile} from 'node:fs/promises';
import type {Process, Spec} from '@longshore/api/oci';
import {jsonTypeUrl} from '@longshore/api/type-urls';
import {packJson, unpackJson} from '@longshore/containerd-client';
import {bool, type Invocation, type Leaf, list, text} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {UsageError} from '../../command/errors.ts';
import {openShim} from '../../shim-client.ts';
import {openStdio, reopenStdio, type Stdio} from '../../task/stdio.ts';

const leaf: Leaf = {
  usage: '[flags] EXEC-ID CMD [ARG...]',
  flags: [
    text('stdin', 'Specify the path to the stdin fifo'),
    text('stdout', 'Specify the path to the stdout fifo'),
    text('stderr', 'Specify the path to the stderr fifo'),
    bool('tty', 'Enable tty support', 't'),
    bool('attach', 'Stay attached to the container and open the fifos', 'a'),
    list('env', 'Add environment vars', 'e'),
    text('cwd', 'Current working directory'),
    text('spec', 'Runtime spec (of the process, in JSON)'),
  ],
  async run(invocation) {
    const {ctx, flags, args} = invocation;
    const execId = requireArgument(args, 0, 'exec id must be provided');
    const terminal = flags.bool('tty');
    using shim = await openShim(invocation);
    using stdio = await stdioOf(invocation, execId);
    const spec = packJson(jsonTypeUrl.process, await processOf(invocation, shim.id));
    const name = {id: shim.id, execId};
    const {paths} = stdio;
    await shim.task.exec(ctx, {...name, terminal, ...paths, spec});
    stdio.showOutput();
    await shim.task.start(ctx, name);
    if (!flags.bool('attach')) {
      stdio.keepFifos();
      return undefined;
    }
    const onEnd = async () => {
      await shim.task.closeIO(ctx, {...name, stdin: true});
    };
    stdio.passInput({detachKeys: Buffer.alloc(0), onEnd, onDetach: () => {}});
    const {exitStatus} = await shim.task.wait(ctx, name);
    await stdio.settle(100);
    await shim.task.delete(ctx, name);
    await stdio.settle(2000);
    return exitStatus;
  },
};
export default leaf;

/** FIFOs that the user has made, or ours with --attach; else none. */
async function stdioOf({flags}: Invocation, execId: string): Promise<Stdio> {
  const [stdin, stdout, stderr] = [flags.text('stdin'), flags.text('stdout'), flags.text('stderr')];
  const given = [stdin, stdout, stderr].some(path => path !== '');
  if (flags.bool('attach') && given) return reopenStdio({stdin, stdout, stderr}, () => {});
  if (given) return {...(await openStdio(execId, {terminal: false, none: true})), paths: {stdin, stdout, stderr}};
  return openStdio(execId, {terminal: flags.bool('tty'), none: !flags.bool('attach')});
}

/** The file of --spec; else the container's own process with the command, and what the flags say. */
async function processOf({ctx, client, flags, args}: Invocation, id: string): Promise<Process> {
  if (flags.text('spec')) return JSON.parse(await readFile(flags.text('spec'), 'utf8')) as Process;
  requireArgument(args, 1, 'command must be provided');
  const {container} = await client.containers.get(ctx, {id});
  const own = (unpackJson(container?.spec) as Spec | undefined)?.process;
  if (!own) throw new UsageError('the container has no process to take as an example: use --spec', false);
  const env = [...(own.env ?? []), ...flags.list('env')];
  const cwd = flags.text('cwd') || own.cwd;
  return {...own, args: args.slice(1), terminal: flags.bool('tty'), env, cwd};
}
