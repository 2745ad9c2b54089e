import type {ContainerCreateRequest} from '@longshore/api/engine';
import type {Cli} from '../../cli.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import type {FlagSpecs} from '../../command/flags.ts';
import {atLeast} from '../../command/positional.ts';
import {type CreateOptions, checkPullOption, createContainer, planContainer} from '../../run/create-container.ts';
import {runFailure} from '../../run/failure.ts';
import {containerFlags, pullFlag} from '../../run/flags.ts';

const flags = {...containerFlags, pull: pullFlag('creating', '|missing')} satisfies FlagSpecs;

export default class ContainerCreate extends DockerCommand<typeof flags> {
  static override summary = 'Create a new container';
  static override flags = flags;
  static override tail = '[OPTIONS] IMAGE [COMMAND] [ARG...]';
  static override positional = atLeast(1);
  static override interspersed = false;

  async execute({cli, args: [image = '', ...command], flags: values, given, name}: Input<typeof flags>) {
    const options = {flags: values, given, pull: values.pull, image, command, isDetached: false};
    cli.print(await createContainer(cli, await plan(cli, options, name), options));
  }
}

async function plan(cli: Cli, options: CreateOptions, name: string): Promise<ContainerCreateRequest> {
  try {
    checkPullOption(options.pull);
    return await planContainer(cli, options);
  } catch (error) {
    throw runFailure(name, error);
  }
}
