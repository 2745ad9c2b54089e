import type {Spec} from '@longshore/api/oci';
import {unpackJson} from '@longshore/containerd-client';
import {bool, type Leaf} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {runTask, taskFlags} from '../../task/run-task.ts';
import {taskOptions} from '../../task/task-options.ts';

const leaf: Leaf = {
  usage: 'CONTAINER',
  flags: [bool('no-pivot', 'Disable use of pivot-root (linux only)'), ...taskFlags],
  async run(invocation) {
    const {ctx, client, flags, args} = invocation;
    const containerId = requireArgument(args, 0, 'container id must be provided');
    const {container} = await client.containers.get(ctx, {id: containerId});
    const {snapshotter = '', snapshotKey: key = ''} = container ?? {};
    const rootfs = key === '' ? [] : (await client.snapshots.mounts(ctx, {snapshotter, key})).mounts;
    const spec = unpackJson(container?.spec) as Spec | undefined;
    const terminal = spec?.process?.terminal === true;
    return runTask(invocation, {containerId, terminal, rootfs, ...taskOptions(flags)});
  },
};
export default leaf;
