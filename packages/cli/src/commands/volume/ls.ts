import type {VolumeListResponse} from '@longshore/api/engine';
import {encodeFilters} from '../../client/filters.ts';
import {listFormat} from '../../command/common-flags.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {CliError} from '../../command/errors.ts';
import {type FlagSpecs, flag} from '../../command/flags.ts';
import {formatList} from '../../format/list.ts';
import {naturalCompare} from '../../format/natural-order.ts';
import {volumeRaw, volumeRow, volumeTable} from '../../format/volume-row.ts';

const flags = {
  cluster: flag.bool('Display only cluster volumes, and use cluster volume list formatting'),
  filter: flag.filter('Provide filter values (e.g. "dangling=true")', {char: 'f'}),
  format: listFormat,
  quiet: flag.bool('Only display volume names', {char: 'q'}),
} satisfies FlagSpecs;

export default class VolumeLs extends DockerCommand<typeof flags> {
  static override summary = 'List volumes';
  static override flags = flags;
  static override tail = '[OPTIONS]';

  async execute({cli, flags: {cluster, filter, format, quiet}}: Input<typeof flags>) {
    if (cluster) throw new CliError('--cluster is not available: this engine has no cluster volumes');
    const query = {filters: encodeFilters(filter)};
    const {Volumes} = await cli.client.get<VolumeListResponse>('/volumes', {query});
    const volumes = (Volumes ?? []).sort((a, b) => naturalCompare(a.Name, b.Name));
    const template = format || (quiet ? '' : (cli.config.volumesFormat ?? ''));
    const isQuiet = quiet && (template === '' || template.startsWith('table'));
    const options = {format: template, table: volumeTable, raw: volumeRaw, quiet: isQuiet ? '{{.Name}}' : undefined};
    cli.stdout.write(formatList(volumes, volumeRow, options));
  }
}
