import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {completionScript} from '../../completion/scripts.ts';

/** `docker completion bash|fish|zsh`: the shell is the last word of the command's name. */
export default class CompletionShell extends DockerCommand {
  static override summary = 'Generate the autocompletion script for a shell';

  async execute({cli, name}: Input) {
    cli.stdout.write(completionScript(name.split(' ').at(-1) ?? ''));
  }
}
