import {toDate} from '@longshore/containerd-client';
import type {Leaf} from '../../command/command.ts';
import {age} from '../../format/age.ts';
import {sizeText} from '../../format/size.ts';
import {tabbed, table} from '../../format/table.ts';

const leaf: Leaf = {
  usage: '[flags] [<regexp>]',
  flags: [],
  async run({ctx, client, args, print}) {
    const filters = args[0] ? [`ref~=${JSON.stringify(args[0])}`] : [];
    const {statuses} = await client.content.listStatuses(ctx, {filters});
    const rows = statuses.map(s => [s.ref, sizeText(Number(s.offset)), age(toDate(s.startedAt))]);
    print(table([['REF', 'SIZE', 'AGE'], ...rows], tabbed));
  },
};
export default leaf;
