import {inspectFormat} from '../../command/common-flags.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {type FlagSpecs, flag} from '../../command/flags.ts';
import {atLeast} from '../../command/positional.ts';
import {inspect} from '../../format/inspect.ts';

const flags = {
  format: inspectFormat,
  verbose: flag.bool('Verbose output for diagnostics', {char: 'v'}),
} satisfies FlagSpecs;

export default class NetworkInspect extends DockerCommand<typeof flags> {
  static override summary = 'Display detailed information on one or more networks';
  static override flags = flags;
  static override tail = '[OPTIONS] NETWORK [NETWORK...]';
  static override positional = atLeast(1);

  async execute({cli, args, flags: {format, verbose}}: Input<typeof flags>) {
    const query = {verbose: verbose ? 'true' : undefined};
    await inspect(cli, args, format, name => cli.client.getText(`/networks/${name}`, {query}));
  }
}
