import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {type FlagSpecs, flag, since} from '../../command/flags.ts';
import {atLeast} from '../../command/positional.ts';
import {platformQuery} from '../platform-query.ts';
import {saveBody} from '../save-body.ts';

const flags = {
  output: flag.string('Write to a file, instead of STDOUT', {char: 'o'}),
  platform: since(
    '1.48',
    flag.string('Save only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")'),
  ),
} satisfies FlagSpecs;

export default class ImageSave extends DockerCommand<typeof flags> {
  static override summary = 'Save one or more images to a tar archive (streamed to STDOUT by default)';
  static override flags = flags;
  static override tail = '[OPTIONS] IMAGE [IMAGE...]';
  static override positional = atLeast(1);

  async execute({cli, args, flags: {output, platform}}: Input<typeof flags>) {
    const query = {names: args, platform: await platformQuery(platform)};
    await saveBody(cli, output, 'failed to save image', () => cli.client.request('GET', '/images/get', {query}));
  }
}
