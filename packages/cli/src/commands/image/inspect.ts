import {escapePath} from '../../client/url.ts';
import {inspectFormat} from '../../command/common-flags.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {type FlagSpecs, flag, since} from '../../command/flags.ts';
import {atLeast} from '../../command/positional.ts';
import {inspect} from '../../format/inspect.ts';
import {platformQuery} from '../platform-query.ts';

const platformUsage =
  'Inspect a specific platform of the multi-platform image.\n' +
  'If the image or the server is not multi-platform capable, the command will error out if the platform does not match.\n' +
  "'os[/arch[/variant]]': Explicit platform (eg. linux/amd64)";

const flags = {
  format: inspectFormat,
  platform: since('1.49', flag.string(platformUsage)),
} satisfies FlagSpecs;

export default class ImageInspectCommand extends DockerCommand<typeof flags> {
  static override summary = 'Display detailed information on one or more images';
  static override flags = flags;
  static override tail = '[OPTIONS] IMAGE [IMAGE...]';
  static override positional = atLeast(1);

  async execute({cli, args, flags: {format, platform}}: Input<typeof flags>) {
    const query = {platform: await platformQuery(platform)};
    await inspect(cli, args, format, name => cli.client.getText(`/images/${escapePath(name)}/json`, {query}));
  }
}
