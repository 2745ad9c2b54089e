import type {Leaf} from '../../command/command.ts';
import {bool} from '../../command/command.ts';
import {openTable, wide} from '../../format/table.ts';
import {statusName} from '../../task/status.ts';

const leaf: Leaf = {
  usage: '[flags]',
  flags: [bool('quiet', 'Print only the task id', 'q')],
  async run({ctx, client, flags, print}) {
    const {tasks} = await client.tasks.list(ctx, {});
    if (flags.bool('quiet')) return print(tasks.map(task => `${task.id}\n`).join(''));
    const rows = tasks.map(task => [task.id, String(task.pid), statusName(task.status)]);
    print(openTable([['TASK', 'PID', 'STATUS'], ...rows], wide));
  },
};
export default leaf;
