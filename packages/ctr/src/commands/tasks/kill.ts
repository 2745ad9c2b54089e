import {EngineError} from '@longshore/errdefs';
import {parseSignal} from '@longshore/term';
import type {Leaf} from '../../command/command.ts';
import {bool, text} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {stopSignalLabel} from '../../task/new-container.ts';

const leaf: Leaf = {
  usage: '[flags] CONTAINER',
  flags: [
    text('signal', 'Signal to send to the container', 's'),
    text('exec-id', 'Process ID to kill'),
    bool('all', 'Send signal to all processes inside the container', 'a'),
  ],
  async run({ctx, client, flags, args}) {
    const containerId = requireArgument(args, 0, 'container id must be provided');
    const {container} = await client.containers.get(ctx, {id: containerId});
    const signal = signalNumber(flags.text('signal') || container?.labels[stopSignalLabel] || 'SIGTERM');
    await client.tasks.kill(ctx, {containerId, execId: flags.text('exec-id'), signal, all: flags.bool('all')});
  },
};
export default leaf;

function signalNumber(name: string): number {
  try {
    return parseSignal(name);
  } catch (error) {
    throw new EngineError('invalid-argument', `invalid signal: ${name}`, {cause: error});
  }
}
