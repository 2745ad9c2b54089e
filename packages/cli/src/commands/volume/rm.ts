import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {CliError} from '../../command/errors.ts';
import {type FlagSpecs, flag, since} from '../../command/flags.ts';
import {atLeast} from '../../command/positional.ts';

const flags = {
  force: since('1.25', flag.bool('Force the removal of one or more volumes', {char: 'f'})),
} satisfies FlagSpecs;

export default class VolumeRm extends DockerCommand<typeof flags> {
  static override summary = 'Remove one or more volumes';
  static override description = 'Remove one or more volumes. You cannot remove a volume that is in use by a container.';
  static override flags = flags;
  static override tail = '[OPTIONS] VOLUME [VOLUME...]';
  static override positional = atLeast(1);

  async execute({cli, args, flags: {force}}: Input<typeof flags>) {
    const errors: string[] = [];
    for (const name of args) {
      try {
        await cli.client.delete(`/volumes/${name}`, {query: {force}});
        cli.print(name);
      } catch (error) {
        errors.push((error as Error).message);
      }
    }
    if (errors.length > 0) throw new CliError(errors.join('\n'));
  }
}
