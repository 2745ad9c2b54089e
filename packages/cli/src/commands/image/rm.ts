import type {ImageDeleteItem} from '@longshore/api/engine';
import type {Cli} from '../../cli.ts';
import {isNotFound} from '../../client/api-error.ts';
import {escapePath} from '../../client/url.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {CliError} from '../../command/errors.ts';
import {type FlagSpecs, flag, since} from '../../command/flags.ts';
import {atLeast} from '../../command/positional.ts';
import {platformQuery} from '../platform-query.ts';

const flags = {
  force: flag.bool('Force removal of the image', {char: 'f'}),
  'no-prune': flag.bool('Do not delete untagged parents'),
  platform: since(
    '1.50',
    flag.strings('Remove only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")'),
  ),
} satisfies FlagSpecs;

export default class ImageRm extends DockerCommand<typeof flags> {
  static override summary = 'Remove one or more images';
  static override flags = flags;
  static override tail = '[OPTIONS] IMAGE [IMAGE...]';
  static override positional = atLeast(1);

  async execute({cli, args, flags: {force, platform, ...rest}}: Input<typeof flags>) {
    const platforms = await Promise.all(platform.map(text => platformQuery(text)));
    const query = {force, noprune: rest['no-prune'], platforms: platforms.filter(text => text !== undefined)};
    const errors: Error[] = [];
    for (const name of args) {
      try {
        print(cli, await cli.client.delete<ImageDeleteItem[]>(`/images/${escapePath(name)}`, {query}));
      } catch (error) {
        errors.push(error as Error);
      }
    }
    if (errors.length === 0) return;
    const isFatal = errors.some(error => !(force && isNotFound(error)));
    throw new CliError(errors.map(error => error.message).join('\n'), isFatal ? 1 : 0);
  }
}

function print(cli: Cli, items: ImageDeleteItem[]): void {
  for (const {Deleted, Untagged} of items) cli.print(Deleted ? `Deleted: ${Deleted}` : `Untagged: ${Untagged}`);
}
