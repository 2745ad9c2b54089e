import {saveConfigFile} from '../../client/config-file.ts';
import {readContext} from '../../client/context-store.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {exactly} from '../../command/positional.ts';

export default class ContextUse extends DockerCommand {
  static override summary = 'Set the current docker context';
  static override tail = 'CONTEXT';
  static override positional = exactly(1);

  async execute({cli, args: [name = '']}: Input) {
    if (name !== 'default') readContext(cli.configDirectory, name); // throws when there is none
    const {currentContext: _, ...rest} = cli.config;
    saveConfigFile(cli.configDirectory, {auths: {}, ...rest, ...(name !== 'default' && {currentContext: name})});
    cli.print(name);
    cli.warn(`Current context is now ${JSON.stringify(name)}`);
    if (name !== 'default' && process.env.DOCKER_HOST) {
      cli.warn(
        `Warning: DOCKER_HOST environment variable overrides the active context. To use ${JSON.stringify(name)}, either ` +
          'set the global --context flag, or unset DOCKER_HOST environment variable.',
      );
    }
  }
}
