import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {type FlagSpecs, flag, since} from '../../command/flags.ts';
import {atLeast} from '../../command/positional.ts';
import {each} from '../each.ts';

const flags = {
  signal: since('1.42', flag.string('Signal to send to the container', {char: 's'})),
  timeout: flag.int('Seconds to wait before killing the container', {char: 't', aliases: ['time']}),
} satisfies FlagSpecs;

export default class ContainerRestart extends DockerCommand<typeof flags> {
  static override summary = 'Restart one or more containers';
  static override flags = flags;
  static override tail = '[OPTIONS] CONTAINER [CONTAINER...]';
  static override positional = atLeast(1);

  async execute({cli, args, flags: {signal, timeout}, given}: Input<typeof flags>) {
    const query = {signal: signal || undefined, t: given.has('timeout') ? timeout : undefined};
    const restart = (name: string) => cli.client.post(`/containers/${name}/restart`, {query});
    await each(args, restart, {done: (_, name) => cli.print(name)});
  }
}
