import {toDate} from '@longshore/containerd-client';
import type {Leaf} from '../../command/command.ts';
import {text} from '../../command/command.ts';
import {indentedJson, narrow, table} from '../../format/table.ts';

const leaf: Leaf = {
  usage: '[command options]',
  flags: [{...text('format', 'output format to use (Examples: "default", "json")'), default: 'default'}],
  async run({ctx, client, flags, print}) {
    const {deprecations} = await client.introspection.server(ctx, {});
    if (flags.text('format') === 'json') print(indentedJson(deprecations));
    else if (deprecations.length > 0) {
      const rows = deprecations.map(d => [d.id, toDate(d.lastOccurrence)?.toISOString() ?? '-', d.message]);
      print(table([['ID', 'LAST OCCURRENCE', 'MESSAGE'], ...rows], narrow));
    }
  },
};
export default leaf;
