import type {NetworksPruneResponse} from '@longshore/api/engine';
import type {Cli} from '../../cli.ts';
import {encodeFilters} from '../../client/filters.ts';
import {force} from '../../command/common-flags.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {type Filters, type FlagSpecs, flag} from '../../command/flags.ts';
import {confirm} from '../confirm.ts';
import {pruneFilters} from '../prune-filters.ts';

const flags = {
  filter: flag.filter('Provide filter values (e.g. "until=<timestamp>")'),
  force,
} satisfies FlagSpecs;

export default class NetworkPrune extends DockerCommand<typeof flags> {
  static override summary = 'Remove all unused networks';
  static override flags = flags;
  static override tail = '[OPTIONS]';

  async execute({cli, flags: {filter, force: isForced}}: Input<typeof flags>) {
    if (!isForced) {
      await confirm(cli, 'WARNING! This will remove all custom networks not used by at least one container.');
    }
    const text = await pruneNetworks(cli, filter);
    if (text) cli.print(text);
  }
}

/** Removes unused networks; the text lists what went. */
export async function pruneNetworks(cli: Cli, filter: Filters): Promise<string> {
  const filters = encodeFilters(pruneFilters(cli, filter));
  const {NetworksDeleted} = await cli.client.post<NetworksPruneResponse>('/networks/prune', {query: {filters}});
  return NetworksDeleted?.length ? `Deleted Networks:\n${NetworksDeleted.join('\n')}\n` : '';
}
