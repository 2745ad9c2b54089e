import type {FilesystemChange} from '@longshore/api/engine';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {exactly} from '../../command/positional.ts';

/** Kinds of the API: changed, added, deleted. */
const letters = ['C', 'A', 'D'];

export default class ContainerDiff extends DockerCommand {
  static override summary = "Inspect changes to files or directories on a container's filesystem";
  static override tail = 'CONTAINER';
  static override positional = exactly(1);

  async execute({cli, args: [name]}: Input) {
    const changes = await cli.client.get<FilesystemChange[] | null>(`/containers/${name}/changes`);
    cli.stdout.write((changes ?? []).map(({Kind, Path}) => `${letters[Kind]} ${Path}\n`).join(''));
  }
}
