import type {ContainerTopResponse} from '@longshore/api/engine';
import {alignColumns} from '@longshore/term';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {atLeast} from '../../command/positional.ts';

const columns = {minWidth: 20, tabWidth: 1, padding: 3, fill: ' '} as const;

export default class ContainerTop extends DockerCommand {
  static override summary = 'Display the running processes of a container';
  static override tail = 'CONTAINER [ps OPTIONS]';
  static override positional = atLeast(1);
  /** What follows the container is for ps. */
  static override interspersed = false;

  async execute({cli, args: [name, ...psArguments]}: Input) {
    const query = {ps_args: psArguments.length > 0 ? psArguments.join(' ') : undefined};
    const top = await cli.client.get<ContainerTopResponse>(`/containers/${name}/top`, {query});
    const lines = [top.Titles ?? [], ...(top.Processes ?? [])].map(cells => `${cells.join('\t')}\n`);
    cli.stdout.write(alignColumns(lines.join(''), columns));
  }
}
