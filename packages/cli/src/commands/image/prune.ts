import type {ImagesPruneResponse} from '@longshore/api/engine';
import {humanSize} from '@longshore/term';
import type {Cli} from '../../cli.ts';
import {encodeFilters} from '../../client/filters.ts';
import {force} from '../../command/common-flags.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {type Filters, type FlagSpecs, flag} from '../../command/flags.ts';
import {confirm} from '../confirm.ts';
import {pruneFilters} from '../prune-filters.ts';

const flags = {
  all: flag.bool('Remove all unused images, not just dangling ones', {char: 'a'}),
  filter: flag.filter('Provide filter values (e.g. "until=<timestamp>")'),
  force,
} satisfies FlagSpecs;

export default class ImagePrune extends DockerCommand<typeof flags> {
  static override summary = 'Remove unused images';
  static override flags = flags;
  static override tail = '[OPTIONS]';

  async execute({cli, flags: {all, filter, force: isForced}}: Input<typeof flags>) {
    const what = all ? 'all images without at least one container associated to them' : 'all dangling images';
    if (!isForced) await confirm(cli, `WARNING! This will remove ${what}.`);
    const {text, reclaimed} = await pruneImages(cli, all, filter);
    if (text) cli.print(text);
    cli.print(`Total reclaimed space: ${humanSize(reclaimed)}`);
  }
}

/** Removes unused images; the text lists what went. */
export async function pruneImages(cli: Cli, all: boolean, filter: Filters): Promise<{text: string; reclaimed: number}> {
  const filters = encodeFilters({...pruneFilters(cli, filter), dangling: {[all ? 'false' : 'true']: true}});
  const {ImagesDeleted, SpaceReclaimed} = await cli.client.post<ImagesPruneResponse>('/images/prune', {
    query: {filters},
  });
  const lines = (ImagesDeleted ?? []).map(({Deleted, Untagged}) =>
    Untagged ? `untagged: ${Untagged}` : `deleted: ${Deleted}`,
  );
  return {text: lines.length > 0 ? `Deleted Images:\n${lines.join('\n')}\n` : '', reclaimed: Number(SpaceReclaimed)};
}
