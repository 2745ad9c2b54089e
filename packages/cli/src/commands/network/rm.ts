import type {Network} from '@longshore/api/engine';
import {isNotFound} from '../../client/api-error.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {CliError} from '../../command/errors.ts';
import {type FlagSpecs, flag} from '../../command/flags.ts';
import {atLeast} from '../../command/positional.ts';
import {confirm} from '../confirm.ts';

const flags = {
  force: flag.bool('Do not error if the network does not exist', {char: 'f'}),
} satisfies FlagSpecs;

export default class NetworkRm extends DockerCommand<typeof flags> {
  static override summary = 'Remove one or more networks';
  static override flags = flags;
  static override tail = 'NETWORK [NETWORK...]';
  static override positional = atLeast(1);

  async execute({cli, args, flags: {force}}: Input<typeof flags>) {
    const failures: Error[] = [];
    for (const name of args) {
      try {
        const network = await cli.client.get<Network>(`/networks/${name}`).catch(() => undefined);
        if (network?.Ingress) {
          const warning =
            'WARNING! Before removing the routing-mesh network, make sure all the nodes in your swarm run the same docker ' +
            'engine version. Otherwise, removal may not be effective and functionality of newly create ingress networks will be impaired.';
          await confirm(cli, warning);
        }
        await cli.client.delete(`/networks/${name}`);
        cli.print(name);
      } catch (error) {
        if (force && isNotFound(error)) continue;
        cli.warn((error as Error).message);
        failures.push(error as Error);
      }
    }
    if (failures.length > 0) throw new CliError('exit status 1');
  }
}
