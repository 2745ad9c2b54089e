import {detachKeys} from '../../command/common-flags.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {type FlagSpecs, flag} from '../../command/flags.ts';
import {atLeast} from '../../command/positional.ts';
import {containerFlags, pullFlag} from '../../run/flags.ts';
import {runContainer} from '../../run/run-container.ts';

const flags = {
  ...containerFlags,
  detach: flag.bool('Run container in background and print container ID', {char: 'd'}),
  'detach-keys': detachKeys,
  pull: pullFlag('running', 'missing'),
  'sig-proxy': flag.bool('Proxy received signals to the process', {initial: true}),
} satisfies FlagSpecs;

export default class ContainerRun extends DockerCommand<typeof flags> {
  static override summary = 'Create and run a new container from an image';
  static override flags = flags;
  static override tail = '[OPTIONS] IMAGE [COMMAND] [ARG...]';
  static override positional = atLeast(1);
  static override interspersed = false;

  execute({cli, args: [image = '', ...command], flags: values, given, name}: Input<typeof flags>) {
    return runContainer(cli, {
      name,
      flags: values,
      given,
      image,
      command,
      isDetached: values.detach,
      detachKeys: values['detach-keys'],
      proxiesSignals: values['sig-proxy'],
      pull: values.pull,
    });
  }
}
