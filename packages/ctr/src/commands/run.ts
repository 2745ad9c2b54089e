import {isErrorCode} from '@longshore/errdefs';
import {bool, type Leaf} from '../command/command.ts';
import {UsageError} from '../command/errors.ts';
import {cleanupContext} from '../task/attached.ts';
import {containerFlags, createContainer} from '../task/new-container.ts';
import {removeContainer} from '../task/remove-container.ts';
import {runTask, taskFlags} from '../task/run-task.ts';
import {taskOptions} from '../task/task-options.ts';

const leaf: Leaf = {
  usage: '[flags] Image|RootFS ID [COMMAND] [ARG...] | --config FILE ID',
  flags: [
    bool('rm', 'Remove the container after running, cannot be used with --detach'),
    bool('no-pivot', 'Disable use of pivot-root (linux only)'),
    ...taskFlags,
    ...containerFlags,
  ],
  async run(invocation) {
    const {ctx, client, flags} = invocation;
    const remove = flags.bool('rm');
    if (remove && flags.bool('detach'))
      throw new UsageError('flags --detach and --rm cannot be specified together', false);
    const {id, spec, rootfs} = await createContainer(invocation);
    const task = {containerId: id, terminal: spec.process.terminal === true, rootfs, ...taskOptions(flags)};
    try {
      return await runTask(invocation, task);
    } finally {
      // Also after a failure; not while its task goes on.
      if (remove) await removeContainer(cleanupContext(ctx), client, id).catch(ignoreRunning);
    }
  },
};
export default leaf;

/** We were interrupted or detached: the container belongs to its task now. */
function ignoreRunning(error: unknown): void {
  if (!isErrorCode(error, 'failed-precondition')) throw error;
}
