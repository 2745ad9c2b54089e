import {splitTarget} from '../../client/reference.ts';
import {escapePath} from '../../client/url.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {CliError} from '../../command/errors.ts';
import {exactly} from '../../command/positional.ts';

export default class ImageTag extends DockerCommand {
  static override summary = 'Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE';
  static override tail = 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]';
  static override positional = exactly(2);

  async execute({cli, args: [source = '', target = '']}: Input) {
    await cli.client.post(`/images/${escapePath(source)}/tag`, {query: parse(target)});
  }
}

function parse(target: string): {repo: string; tag: string} {
  try {
    return splitTarget(target);
  } catch (error) {
    if (error instanceof CliError) throw error;
    const reason = (error as Error).message;
    throw new CliError(`Error parsing reference: ${JSON.stringify(target)} is not a valid repository/tag: ${reason}`);
  }
}
