import type {DiskUsage} from '@longshore/api/engine';
import {listFormat} from '../../command/common-flags.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {type FlagSpecs, flag} from '../../command/flags.ts';
import {diskUsageRow, diskUsageRows, diskUsageTable} from '../../format/disk-usage-row.ts';
import {verboseDiskUsage} from '../../format/disk-usage-verbose.ts';
import {formatList} from '../../format/list.ts';

const flags = {
  format: listFormat,
  verbose: flag.bool('Show detailed information on space usage', {char: 'v'}),
} satisfies FlagSpecs;

export default class SystemDf extends DockerCommand<typeof flags> {
  static override summary = 'Show docker disk usage';
  static override flags = flags;
  static override tail = '[OPTIONS]';

  async execute({cli, flags: {format, verbose}}: Input<typeof flags>) {
    const usage = await cli.client.get<DiskUsage>('/system/df');
    const text = verbose
      ? verboseDiskUsage(usage, format)
      : formatList(diskUsageRows(usage), diskUsageRow, {format, table: diskUsageTable});
    cli.stdout.write(text);
  }
}
