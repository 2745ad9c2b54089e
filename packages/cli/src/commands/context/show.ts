import {DockerCommand, type Input} from '../../command/docker-command.ts';

export default class ContextShow extends DockerCommand {
  static override summary = 'Print the name of the current context';

  async execute({cli}: Input) {
    cli.print(cli.contextName);
  }
}
