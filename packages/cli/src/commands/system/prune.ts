import type {BuildPruneResponse, ContainersPruneResponse} from '@longshore/api/engine';
import {humanSize} from '@longshore/term';
import type {Cli} from '../../cli.ts';
import {encodeFilters} from '../../client/filters.ts';
import {force} from '../../command/common-flags.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {CliError} from '../../command/errors.ts';
import {type Filters, type FlagSpecs, flag} from '../../command/flags.ts';
import {confirm} from '../confirm.ts';
import {pruneImages} from '../image/prune.ts';
import {pruneNetworks} from '../network/prune.ts';
import {pruneFilters} from '../prune-filters.ts';
import {pruneVolumes} from '../volume/prune.ts';

const flags = {
  all: flag.bool('Remove all unused images not just dangling ones', {char: 'a'}),
  filter: flag.filter('Provide filter values (e.g. "label=<key>=<value>")'),
  force,
  volumes: flag.bool('Prune anonymous volumes'),
} satisfies FlagSpecs;

export default class SystemPrune extends DockerCommand<typeof flags> {
  static override summary = 'Remove unused data';
  static override flags = flags;
  static override tail = '[OPTIONS]';

  async execute({cli, flags: {all, filter, force: isForced, volumes}}: Input<typeof flags>) {
    if (volumes && filter.until) throw new CliError('ERROR: The "until" filter is not supported with "--volumes"');
    if (!isForced) await confirm(cli, warning(all, volumes));
    let reclaimed = 0;
    const show = (text: string, bytes = 0) => {
      if (text) cli.print(text);
      reclaimed += bytes;
    };
    const containers = await pruneContainers(cli, filter);
    show(containers.text, containers.reclaimed);
    show(await pruneNetworks(cli, filter));
    if (volumes) {
      const {text, reclaimed: bytes} = await pruneVolumes(cli, false, filter);
      show(text, bytes);
    }
    const images = await pruneImages(cli, all, filter);
    show(images.text, images.reclaimed);
    const cache = await pruneBuildCache(cli, all, filter);
    show(cache.text, cache.reclaimed);
    cli.print(`Total reclaimed space: ${humanSize(reclaimed)}`);
  }
}

type Pruned = {text: string; reclaimed: number};

async function pruneContainers(cli: Cli, filter: Filters): Promise<Pruned> {
  const query = {filters: encodeFilters(pruneFilters(cli, filter))};
  const result = await cli.client.post<ContainersPruneResponse>('/containers/prune', {query});
  const ids = result.ContainersDeleted ?? [];
  return {
    text: ids.length > 0 ? `Deleted Containers:\n${ids.join('\n')}\n` : '',
    reclaimed: Number(result.SpaceReclaimed),
  };
}

async function pruneBuildCache(cli: Cli, all: boolean, filter: Filters): Promise<Pruned> {
  const query = {all, filters: encodeFilters(pruneFilters(cli, filter)) ?? ''};
  const result = await cli.client.post<BuildPruneResponse>('/build/prune', {query}).catch(error => {
    // An engine without a builder has no cache to prune.
    if ([404, 501].includes((error as {status?: number}).status ?? 0)) return {CachesDeleted: null, SpaceReclaimed: 0};
    throw error;
  });
  const ids = result.CachesDeleted ?? [];
  const text = ids.length > 0 ? `Deleted build cache objects:\n${ids.join('\n')}\n` : '';
  return {text, reclaimed: Number(result.SpaceReclaimed)};
}

function warning(all: boolean, volumes: boolean): string {
  const lines = ['all stopped containers', 'all networks not used by at least one container'];
  if (volumes) lines.push('all anonymous volumes not used by at least one container');
  lines.push(all ? 'all images without at least one container associated to them' : 'all dangling images');
  lines.push(all ? 'all build cache' : 'unused build cache');
  return `WARNING! This will remove:\n${lines.map(line => `  - ${line}\n`).join('')}`;
}
