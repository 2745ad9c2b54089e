import type {ContainerWaitResponse} from '@longshore/api/engine';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {CliError} from '../../command/errors.ts';
import {atLeast} from '../../command/positional.ts';
import {each} from '../each.ts';

export default class ContainerWait extends DockerCommand {
  static override summary = 'Block until one or more containers stop, then print their exit codes';
  static override tail = 'CONTAINER [CONTAINER...]';
  static override positional = atLeast(1);

  async execute({cli, args}: Input) {
    const wait = async (name: string) => {
      const result = await cli.client.post<ContainerWaitResponse>(`/containers/${name}/wait`);
      if (result.Error) throw new CliError(result.Error.Message ?? '');
      return result.StatusCode;
    };
    await each(args, wait, {done: code => cli.print(String(code))});
  }
}
