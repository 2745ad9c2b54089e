import type {Network} from '@longshore/api/engine';
import {encodeFilters} from '../../client/filters.ts';
import {listFormat} from '../../command/common-flags.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {type FlagSpecs, flag} from '../../command/flags.ts';
import {formatList} from '../../format/list.ts';
import {naturalCompare} from '../../format/natural-order.ts';
import {networkRaw, networkRow, networkTable} from '../../format/network-row.ts';

const flags = {
  filter: flag.filter('Provide filter values (e.g. "driver=bridge")', {char: 'f'}),
  format: listFormat,
  'no-trunc': flag.bool('Do not truncate the output'),
  quiet: flag.bool('Only display network IDs', {char: 'q'}),
} satisfies FlagSpecs;

export default class NetworkLs extends DockerCommand<typeof flags> {
  static override summary = 'List networks';
  static override flags = flags;
  static override tail = '[OPTIONS]';

  async execute({cli, flags: {filter, format, quiet, ...rest}}: Input<typeof flags>) {
    const query = {filters: encodeFilters(filter)};
    const networks = await cli.client.get<Network[]>('/networks', {query});
    networks.sort((a, b) => naturalCompare(a.Name, b.Name));
    const template = format || (quiet ? '' : (cli.config.networksFormat ?? ''));
    const isQuiet = quiet && (template === '' || template.startsWith('table'));
    const type = networkRow({truncate: !rest['no-trunc']});
    const options = {format: template, table: networkTable, raw: networkRaw, quiet: isQuiet ? '{{.ID}}' : undefined};
    cli.stdout.write(formatList(networks, type, options));
  }
}
