import {withTimeout} from '@longshore/base';
import {toDate} from '@longshore/containerd-client';
import {type Leaf, text, unsupported} from '../../command/command.ts';
import {age} from '../../format/age.ts';
import {sizeText} from '../../format/size.ts';
import {tabbed, table} from '../../format/table.ts';

const leaf: Leaf = {
  usage: '[flags] [<regexp>]',
  flags: [
    {
      ...{name: 'timeout', aliases: ['t'], type: 'duration', env: 'CONTAINERD_FETCH_TIMEOUT'},
      usage: 'Total timeout for the answer',
    },
    ...unsupported('the store is asked through containerd', text('root', 'Path to content store root')),
  ],
  async run({ctx: unlimited, client, flags, args, print}) {
    const limit = flags.milliseconds('timeout');
    const ctx = limit > 0 ? withTimeout(unlimited, limit) : unlimited;
    const filters = args[0] ? [`ref~=${JSON.stringify(args[0])}`] : [];
    const {statuses} = await client.content.listStatuses(ctx, {filters});
    const rows = statuses.map(s => [s.ref, sizeText(Number(s.offset)), age(toDate(s.startedAt))]);
    print(table([['REF', 'SIZE', 'AGE'], ...rows], tabbed));
  },
};
export default leaf;
