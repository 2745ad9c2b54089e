import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {CliError} from '../../command/errors.ts';
import {exactly} from '../../command/positional.ts';

export default class ContainerRename extends DockerCommand {
  static override summary = 'Rename a container';
  static override tail = 'CONTAINER NEW_NAME';
  static override positional = exactly(2);

  async execute({cli, args}: Input) {
    const [from = '', to = ''] = args.map(name => name.trim());
    if (from === '' || to === '') throw new CliError('Error: Neither old nor new names may be empty');
    try {
      await cli.client.post(`/containers/${from}/rename`, {query: {name: to}});
    } catch (error) {
      throw new CliError(`${(error as Error).message}\nError: failed to rename container named ${from}`);
    }
  }
}
