import {toDate} from '@longshore/containerd-client';
import {type Leaf, list} from '../../command/command.ts';
import {narrow, table} from '../../format/table.ts';

const leaf: Leaf = {
  usage: '[flags]',
  flags: [list('filters', 'The list of filters to apply when querying sandboxes from the store')],
  async run({ctx, client, flags, print}) {
    const {list: sandboxes} = await client.sandboxStore.list(ctx, {filters: flags.list('filters')});
    const rows = sandboxes.map(sandbox => [
      sandbox.sandboxId,
      toDate(sandbox.createdAt)?.toISOString() ?? '-',
      sandbox.runtime?.name ?? '',
    ]);
    print(table([['ID', 'CREATED', 'RUNTIME'], ...rows], narrow));
  },
};
export default leaf;
