import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {atLeast} from '../../command/positional.ts';
import {each} from '../each.ts';

export default class ContainerPause extends DockerCommand {
  static override summary = 'Pause all processes within one or more containers';
  static override tail = 'CONTAINER [CONTAINER...]';
  static override positional = atLeast(1);

  async execute({cli, args}: Input) {
    await each(args, name => cli.client.post(`/containers/${name}/pause`), {done: (_, name) => cli.print(name)});
  }
}
