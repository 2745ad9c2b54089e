import {bool, type Leaf} from '../command/command.ts';
import {UsageError} from '../command/errors.ts';
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
    try {
      const task = {containerId: id, terminal: spec.process.terminal === true, rootfs, ...taskOptions(flags)};
      const status = await runTask(invocation, task);
      if (remove) await removeContainer(ctx, client, id);
      return status;
    } catch (error) {
      // A container whose task could not be started is of no use to anybody, as in the original.
      await removeContainer(ctx, client, id).catch(() => {});
      throw error;
    }
  },
};
export default leaf;
