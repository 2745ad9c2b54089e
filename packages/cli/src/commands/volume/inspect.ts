import {inspectFormat} from '../../command/common-flags.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import type {FlagSpecs} from '../../command/flags.ts';
import {atLeast} from '../../command/positional.ts';
import {inspect} from '../../format/inspect.ts';

const flags = {format: inspectFormat} satisfies FlagSpecs;

export default class VolumeInspect extends DockerCommand<typeof flags> {
  static override summary = 'Display detailed information on one or more volumes';
  static override flags = flags;
  static override tail = '[OPTIONS] VOLUME [VOLUME...]';
  static override positional = atLeast(1);

  async execute({cli, args, flags: {format}}: Input<typeof flags>) {
    await inspect(cli, args, format, name => cli.client.getText(`/volumes/${name}`));
  }
}
