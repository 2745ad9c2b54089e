import {inspectFormat} from '../../command/common-flags.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {type FlagSpecs, flag} from '../../command/flags.ts';
import {atLeast} from '../../command/positional.ts';
import {inspect} from '../../format/inspect.ts';

const flags = {
  format: inspectFormat,
  size: flag.bool('Display total file sizes', {char: 's'}),
} satisfies FlagSpecs;

export default class ContainerInspectCommand extends DockerCommand<typeof flags> {
  static override summary = 'Display detailed information on one or more containers';
  static override flags = flags;
  static override tail = '[OPTIONS] CONTAINER [CONTAINER...]';
  static override positional = atLeast(1);

  async execute({cli, args, flags: {format, size}}: Input<typeof flags>) {
    await inspect(cli, args, format, name => cli.client.getText(`/containers/${name}/json`, {query: {size}}));
  }
}
