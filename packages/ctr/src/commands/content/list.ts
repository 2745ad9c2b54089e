import {toDate} from '@longshore/containerd-client';
import {alignColumns, binarySize} from '@longshore/term';
import type {Leaf} from '../../command/command.ts';
import {bool} from '../../command/command.ts';
import {age} from '../../format/age.ts';
import {labelText, tabbed} from '../../format/table.ts';

const leaf: Leaf = {
  usage: '[flags]',
  flags: [bool('quiet', 'Print only the blob digest', 'q')],
  async run({ctx, client, flags, args, print}) {
    const rows = [];
    for await (const {info} of client.content.list(ctx, {filters: args})) {
      for (const blob of info)
        rows.push([blob.digest, binarySize(Number(blob.size)), age(toDate(blob.createdAt)), labelText(blob.labels)]);
    }
    if (flags.bool('quiet')) print(rows.map(([digest]) => `${digest}\n`).join(''));
    else
      print(
        alignColumns([['DIGEST', 'SIZE', 'AGE', 'LABELS'], ...rows].map(row => `${row.join('\t')}\n`).join(''), tabbed),
      );
  },
};
export default leaf;
