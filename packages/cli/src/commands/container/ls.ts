import type {ContainerSummary} from '@longshore/api/engine';
import {encodeFilters} from '../../client/filters.ts';
import {filters, listFormat} from '../../command/common-flags.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {type FlagSpecs, flag} from '../../command/flags.ts';
import {containerRaw, containerRow, containerTable} from '../../format/container-row.ts';
import {formatList, usesField} from '../../format/list.ts';

const flags = {
  all: flag.bool('Show all containers (default shows just running)', {char: 'a'}),
  filter: filters,
  format: listFormat,
  last: flag.int('Show n last created containers (includes all states)', {char: 'n', initial: -1}),
  latest: flag.bool('Show the latest created container (includes all states)', {char: 'l'}),
  'no-trunc': flag.bool("Don't truncate output"),
  quiet: flag.bool('Only display container IDs', {char: 'q'}),
  size: flag.bool('Display total file sizes', {char: 's'}),
} satisfies FlagSpecs;

export default class ContainerLs extends DockerCommand<typeof flags> {
  static override summary = 'List containers';
  static override flags = flags;
  static override tail = '[OPTIONS]';

  async execute({cli, flags: {all, filter, format, last, latest, quiet, size, ...rest}}: Input<typeof flags>) {
    const template = quiet ? '' : format || cli.config.psFormat || '';
    const type = containerRow({truncate: !rest['no-trunc']});
    const withSize = size || (template !== 'json' && usesField(template, type, 'Size'));
    const limit = latest && last === -1 ? 1 : last;
    const containers = await cli.client.get<ContainerSummary[]>('/containers/json', {
      query: {all, limit: limit > 0 ? limit : undefined, size: withSize, filters: encodeFilters(filter)},
    });
    const table = size ? `${containerTable}\t{{.Size}}` : containerTable;
    cli.stdout.write(
      formatList(containers, type, {format: template, table, raw: containerRaw, quiet: quiet ? '{{.ID}}' : undefined}),
    );
  }
}
