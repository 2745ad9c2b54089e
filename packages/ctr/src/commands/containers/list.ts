import type {Leaf} from '../../command/command.ts';
import {bool} from '../../command/command.ts';
import {table, wide} from '../../format/table.ts';

const leaf: Leaf = {
  usage: '[flags] [<filter>, ...]',
  flags: [bool('quiet', 'Print only the container id', 'q')],
  async run({ctx, client, flags, args, print}) {
    const {containers} = await client.containers.list(ctx, {filters: args});
    if (flags.bool('quiet')) return print(containers.map(c => `${c.id}\n`).join(''));
    const rows = containers.map(c => [c.id, c.image || '-', c.runtime?.name ?? '']);
    print(table([['CONTAINER', 'IMAGE', 'RUNTIME'], ...rows], wide));
  },
};
export default leaf;
