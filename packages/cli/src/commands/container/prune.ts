import type {ContainersPruneResponse} from '@longshore/api/engine';
import {humanSize} from '@longshore/term';
import {encodeFilters} from '../../client/filters.ts';
import {force} from '../../command/common-flags.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {type FlagSpecs, flag} from '../../command/flags.ts';
import {confirm} from '../confirm.ts';
import {pruneFilters} from '../prune-filters.ts';

const flags = {
  filter: flag.filter('Provide filter values (e.g. "until=<timestamp>")'),
  force,
} satisfies FlagSpecs;

export default class ContainerPrune extends DockerCommand<typeof flags> {
  static override summary = 'Remove all stopped containers';
  static override flags = flags;
  static override tail = '[OPTIONS]';

  async execute({cli, flags: {filter, force: isForced}}: Input<typeof flags>) {
    if (!isForced) await confirm(cli, 'WARNING! This will remove all stopped containers.');
    const filters = encodeFilters(pruneFilters(cli, filter));
    const {ContainersDeleted, SpaceReclaimed} = await cli.client.post<ContainersPruneResponse>('/containers/prune', {
      query: {filters},
    });
    if (ContainersDeleted?.length) cli.print(`Deleted Containers:\n${ContainersDeleted.join('\n')}\n`);
    cli.print(`Total reclaimed space: ${humanSize(Number(SpaceReclaimed))}`);
  }
}
