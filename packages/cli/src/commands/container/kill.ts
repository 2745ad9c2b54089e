import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {type FlagSpecs, flag} from '../../command/flags.ts';
import {atLeast} from '../../command/positional.ts';
import {each} from '../each.ts';

const flags = {
  signal: flag.string('Signal to send to the container', {char: 's'}),
} satisfies FlagSpecs;

export default class ContainerKill extends DockerCommand<typeof flags> {
  static override summary = 'Kill one or more running containers';
  static override flags = flags;
  static override tail = '[OPTIONS] CONTAINER [CONTAINER...]';
  static override positional = atLeast(1);

  async execute({cli, args, flags: {signal}}: Input<typeof flags>) {
    const query = {signal: signal || undefined};
    await each(args, name => cli.client.post(`/containers/${name}/kill`, {query}), {
      done: (_, name) => cli.print(name),
    });
  }
}
