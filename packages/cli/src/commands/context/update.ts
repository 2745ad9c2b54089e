import {readContext, writeContext} from '../../client/context-store.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {type FlagSpecs, flag} from '../../command/flags.ts';
import {exactly} from '../../command/positional.ts';
import {
  checkContextName,
  copyEndpoint,
  dockerFlag,
  endpointHelp,
  endpointSettings,
  metadata,
} from './endpoint-settings.ts';

const flags = {
  description: flag.string('Description of the context'),
  docker: dockerFlag,
} satisfies FlagSpecs;

export default class ContextUpdate extends DockerCommand<typeof flags> {
  static override summary = 'Update a context';
  static override description =
    `Update a context\n\n${endpointHelp}\n\nExample:\n\n$ docker context update my-context --description "some description" ` +
    '--docker "host=tcp://myserver:2376,ca=~/ca-file,cert=~/cert-file,key=~/key-file"';
  static override flags = flags;
  static override tail = '[OPTIONS] CONTEXT';
  static override positional = exactly(1);

  async execute({cli, args: [name = ''], flags: {description, docker}}: Input<typeof flags>) {
    checkContextName(name);
    const context = readContext(cli.configDirectory, name);
    const settings = Object.keys(docker).length > 0 ? endpointSettings(cli, docker) : copyEndpoint(cli, name);
    const text = description || (context.Metadata.Description ?? '');
    writeContext(cli.configDirectory, metadata(name, text, settings), settings.tls);
    cli.print(name);
    cli.warn(`Successfully updated context ${JSON.stringify(name)}`);
  }
}
