import type {Leaf} from '../../command/command.ts';
import {snapshotterFlag} from '../../flags.ts';
import {narrow, table} from '../../format/table.ts';
import {listSnapshots} from '../../snapshots.ts';

const leaf: Leaf = {
  usage: '[flags]',
  flags: [snapshotterFlag],
  async run(invocation) {
    const rows = (await listSnapshots(invocation)).map(s => [s.name, s.parent, s.kind]);
    invocation.print(table([['KEY', 'PARENT', 'KIND'], ...rows], narrow));
  },
};
export default leaf;
