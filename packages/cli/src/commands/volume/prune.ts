import type {VolumesPruneResponse} from '@longshore/api/engine';
import {humanSize} from '@longshore/term';
import type {Cli} from '../../cli.ts';
import {encodeFilters} from '../../client/filters.ts';
import {force} from '../../command/common-flags.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {CliError} from '../../command/errors.ts';
import {type Filters, type FlagSpecs, flag, since} from '../../command/flags.ts';
import {confirm} from '../confirm.ts';
import {pruneFilters} from '../prune-filters.ts';

const flags = {
  all: since('1.42', flag.bool('Remove all unused volumes, not just anonymous ones', {char: 'a'})),
  filter: flag.filter('Provide filter values (e.g. "label=<label>")'),
  force,
} satisfies FlagSpecs;

export default class VolumePrune extends DockerCommand<typeof flags> {
  static override summary = 'Remove unused local volumes';
  static override flags = flags;
  static override tail = '[OPTIONS]';

  async execute({cli, flags: {all, filter, force: isForced}}: Input<typeof flags>) {
    if (all && filter.all) throw new CliError('conflicting options: cannot specify both --all and --filter all=1');
    const what = all
      ? 'all local volumes not used by at least one container'
      : 'anonymous local volumes not used by at least one container';
    if (!isForced) await confirm(cli, `WARNING! This will remove ${what}.`);
    const {text, reclaimed} = await pruneVolumes(cli, all, filter);
    if (text) cli.print(text);
    cli.print(`Total reclaimed space: ${humanSize(reclaimed)}`);
  }
}

/** Removes unused volumes; the text lists what went. */
export async function pruneVolumes(
  cli: Cli,
  all: boolean,
  filter: Filters,
): Promise<{text: string; reclaimed: number}> {
  const filters = encodeFilters({...pruneFilters(cli, filter), ...(all && {all: {true: true as const}})});
  const {VolumesDeleted, SpaceReclaimed} = await cli.client.post<VolumesPruneResponse>('/volumes/prune', {
    query: {filters},
  });
  const text = VolumesDeleted?.length ? `Deleted Volumes:\n${VolumesDeleted.join('\n')}\n` : '';
  return {text, reclaimed: Number(SpaceReclaimed)};
}
