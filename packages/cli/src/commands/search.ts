import type {ImageSearchItem} from '@longshore/api/engine';
import {encodeFilters} from '../client/filters.ts';
import {registryAuthHeader} from '../client/registry-auth.ts';
import {filters} from '../command/common-flags.ts';
import {DockerCommand, type Input} from '../command/docker-command.ts';
import {type FlagSpecs, flag} from '../command/flags.ts';
import {exactly} from '../command/positional.ts';
import {formatList, type RowType} from '../format/list.ts';
import {ellipsis} from '../format/text.ts';

const flags = {
  filter: filters,
  format: flag.string('Pretty-print search using a Go template'),
  limit: flag.int('Max number of search results'),
  'no-trunc': flag.bool("Don't truncate output"),
} satisfies FlagSpecs;

const searchTable = '{{.Name}}\t{{.Description}}\t{{.StarCount}}\t{{.IsOfficial}}';

export default class Search extends DockerCommand<typeof flags> {
  static override summary = 'Search Docker Hub for images';
  static override flags = flags;
  static override tail = '[OPTIONS] TERM';
  static override positional = exactly(1);

  async execute({cli, args: [term = ''], flags: {filter, format, limit, ...rest}}: Input<typeof flags>) {
    const slash = term.indexOf('/');
    const host = slash > 0 && /[.:]/.test(term.slice(0, slash)) ? term.slice(0, slash) : 'docker.io';
    const items = await cli.client.get<ImageSearchItem[]>('/images/search', {
      query: {term, limit: limit || undefined, filters: encodeFilters(filter)},
      headers: {'X-Registry-Auth': await registryAuthHeader(cli, host)},
    });
    cli.stdout.write(formatList(items ?? [], searchRow(!rest['no-trunc']), {format, table: searchTable}));
  }
}

function searchRow(truncate: boolean): RowType<ImageSearchItem> {
  const description = (text: string) => text.replaceAll('\n', ' ').replaceAll('\r', ' ');
  return {
    goType: '*registry.searchContext',
    fields: {
      Name: {header: 'NAME', get: item => item.name},
      Description: {
        header: 'DESCRIPTION',
        get: item => (truncate ? ellipsis(description(item.description), 45) : description(item.description)),
      },
      StarCount: {header: 'STARS', get: item => String(item.star_count)},
      IsOfficial: {header: 'OFFICIAL', get: item => (item.is_official ? '[OK]' : '')},
    },
  };
}
