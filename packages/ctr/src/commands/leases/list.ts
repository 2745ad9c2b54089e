import {toDate} from '@longshore/containerd-client';
import type {Leaf} from '../../command/command.ts';
import {bool} from '../../command/command.ts';
import {labelText, narrow, table} from '../../format/table.ts';

const leaf: Leaf = {
  usage: '[flags] [<filter>, ...]',
  flags: [bool('quiet', 'Print only the blob digest', 'q')],
  async run({ctx, client, flags, args, print}) {
    const {leases} = await client.leases.list(ctx, {filters: args});
    if (flags.bool('quiet')) return print(leases.map(lease => `${lease.id}\n`).join(''));
    const rows = leases.map(lease => [lease.id, seconds(toDate(lease.createdAt)), labelText(lease.labels)]);
    print(table([['ID', 'CREATED AT', 'LABELS'], ...rows], narrow));
  },
};
export default leaf;

function seconds(date: Date | undefined): string {
  return date ? date.toISOString().replace(/\.\d+Z$/, 'Z') : '-';
}
