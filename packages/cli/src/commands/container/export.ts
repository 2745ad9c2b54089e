import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {type FlagSpecs, flag} from '../../command/flags.ts';
import {exactly} from '../../command/positional.ts';
import {saveBody} from '../save-body.ts';

const flags = {
  output: flag.string('Write to a file, instead of STDOUT', {char: 'o'}),
} satisfies FlagSpecs;

export default class ContainerExport extends DockerCommand<typeof flags> {
  static override summary = "Export a container's filesystem as a tar archive";
  static override flags = flags;
  static override tail = '[OPTIONS] CONTAINER';
  static override positional = exactly(1);

  async execute({cli, args: [name], flags: {output}}: Input<typeof flags>) {
    await saveBody(cli, output, 'failed to export container', () =>
      cli.client.request('GET', `/containers/${name}/export`),
    );
  }
}
