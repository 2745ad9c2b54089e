import {saveConfigFile} from '../../client/config-file.ts';
import {contextId, listContexts, removeContext} from '../../client/context-store.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {CliError} from '../../command/errors.ts';
import {type FlagSpecs, flag} from '../../command/flags.ts';
import {atLeast} from '../../command/positional.ts';

const flags = {
  force: flag.bool('Force the removal of a context in use', {char: 'f'}),
} satisfies FlagSpecs;

export default class ContextRm extends DockerCommand<typeof flags> {
  static override summary = 'Remove one or more contexts';
  static override flags = flags;
  static override tail = 'CONTEXT [CONTEXT...]';
  static override positional = atLeast(1);

  async execute({cli, args, flags: {force}}: Input<typeof flags>) {
    const errors: string[] = [];
    const known = new Set(listContexts(cli.configDirectory).map(context => context.Name));
    for (const name of args) {
      const isCurrent = cli.config.currentContext === name;
      if (name === 'default') errors.push('context "default" cannot be removed');
      else if (!known.has(name) && !force) errors.push(`context ${JSON.stringify(name)} does not exist`);
      else if (isCurrent && !force)
        errors.push(`context ${JSON.stringify(name)} is in use, set -f flag to force remove`);
      else {
        removeContext(cli.configDirectory, contextId(name));
        if (isCurrent) {
          const {currentContext: _, ...rest} = cli.config;
          saveConfigFile(cli.configDirectory, rest);
        }
        cli.print(name);
      }
    }
    if (errors.length > 0) throw new CliError(errors.join('\n'));
  }
}
