import type {ImageHistoryItem} from '@longshore/api/engine';
import {escapePath} from '../../client/url.ts';
import {listFormat} from '../../command/common-flags.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {type FlagSpecs, flag, since} from '../../command/flags.ts';
import {exactly} from '../../command/positional.ts';
import {exactHistoryTable, historyRow, historyTable} from '../../format/history-row.ts';
import {formatList} from '../../format/list.ts';
import {platformQuery} from '../platform-query.ts';

const flags = {
  format: listFormat,
  human: flag.bool('Print sizes and dates in human readable format', {char: 'H', initial: true}),
  'no-trunc': flag.bool("Don't truncate output"),
  platform: since(
    '1.48',
    flag.string('Show history for the given platform. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")'),
  ),
  quiet: flag.bool('Only show image IDs', {char: 'q'}),
} satisfies FlagSpecs;

export default class ImageHistory extends DockerCommand<typeof flags> {
  static override summary = 'Show the history of an image';
  static override flags = flags;
  static override tail = '[OPTIONS] IMAGE';
  static override positional = exactly(1);

  async execute({cli, args: [image = ''], flags: {format, human, platform, quiet, ...rest}}: Input<typeof flags>) {
    const query = {platform: await platformQuery(platform)};
    const items = await cli.client.get<ImageHistoryItem[]>(`/images/${escapePath(image)}/history`, {query});
    const type = historyRow({truncate: !rest['no-trunc'], isHuman: human});
    const table = human ? historyTable : exactHistoryTable;
    cli.stdout.write(formatList(items, type, {format, table, quiet: quiet ? '{{.ID}}' : undefined}));
  }
}
