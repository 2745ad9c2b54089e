import {listContexts, readContext, writeContext} from '../../client/context-store.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {CliError} from '../../command/errors.ts';
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
  from: flag.string('create context from a named context'),
} satisfies FlagSpecs;

export default class ContextCreate extends DockerCommand<typeof flags> {
  static override summary = 'Create a context';
  static override description =
    `Create a context\n\n${endpointHelp}\n\nExample:\n\n$ docker context create my-context --description "some description" ` +
    '--docker "host=tcp://myserver:2376,ca=~/ca-file,cert=~/cert-file,key=~/key-file"';
  static override flags = flags;
  static override tail = '[OPTIONS] CONTEXT';
  static override positional = exactly(1);

  async execute({cli, args: [name = ''], flags: {description, docker, from}}: Input<typeof flags>) {
    checkContextName(name);
    const exists = listContexts(cli.configDirectory).some(context => context.Name === name);
    if (exists) throw new CliError(`context ${JSON.stringify(name)} already exists`);
    const hasSettings = Object.keys(docker).length > 0;
    if (from && hasSettings) throw new CliError('cannot use --docker flag when --from is set');
    const settings = hasSettings ? endpointSettings(cli, docker) : copyEndpoint(cli, from || cli.contextName);
    const inherited =
      from && from !== 'default' ? readContext(cli.configDirectory, from).Metadata.Description : undefined;
    writeContext(cli.configDirectory, metadata(name, description || (inherited ?? ''), settings), settings.tls);
    cli.print(name);
    cli.warn(`Successfully created context ${JSON.stringify(name)}`);
  }
}
