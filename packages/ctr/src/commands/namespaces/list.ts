import type {Leaf} from '../../command/command.ts';
import {bool} from '../../command/command.ts';
import {labelText, narrow, table} from '../../format/table.ts';

const leaf: Leaf = {
  usage: '[flags]',
  flags: [bool('quiet', 'Print only the namespace name', 'q')],
  async run({ctx, client, flags, print}) {
    const {namespaces} = await client.namespaces.list(ctx, {});
    if (flags.bool('quiet')) return print(namespaces.map(n => `${n.name}\n`).join(''));
    const rows = namespaces.map(n => [n.name, Object.keys(n.labels).length > 0 ? labelText(n.labels) : '']);
    print(table([['NAME', 'LABELS'], ...rows], narrow));
  },
};
export default leaf;
