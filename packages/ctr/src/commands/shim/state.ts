import {toDate} from '@longshore/containerd-client';
import {type Leaf, text} from '../../command/command.ts';
import {indentedJson} from '../../format/table.ts';
import {openShim} from '../../shim-client.ts';
import {statusName} from '../../task/status.ts';

const leaf: Leaf = {
  usage: '',
  flags: [
    text('task-id', 'Task ID, of a shim that has several', 't'),
    {name: 'api-version', type: 'integer', usage: 'Shim API version {2,3}'},
  ],
  async run(invocation) {
    const {ctx, flags, print} = invocation;
    using shim = await openShim(invocation, flags.has('api-version') ? flags.number('api-version') : undefined);
    const state = await shim.task.state(ctx, {id: flags.text('task-id') || shim.id});
    const {id, bundle, pid, status, stdin, stdout, stderr, terminal, exitStatus} = state;
    const exited = toDate(state.exitedAt);
    print(
      indentedJson({
        ...{id, bundle, pid, status: statusName(status)},
        ...(stdin ? {stdin} : {}),
        ...(stdout ? {stdout} : {}),
        ...(stderr ? {stderr} : {}),
        ...(terminal ? {terminal} : {}),
        ...(exitStatus ? {exit_status: exitStatus} : {}),
        ...(exited && exited.getTime() > 0 ? {exited_at: exited} : {}),
      }),
    );
  },
};
export default leaf;
