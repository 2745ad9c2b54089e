import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {type FlagSpecs, flag} from '../../command/flags.ts';
import {exactly} from '../../command/positional.ts';

const flags = {
  force: flag.bool('Force the container to disconnect from a network', {char: 'f'}),
} satisfies FlagSpecs;

export default class NetworkDisconnect extends DockerCommand<typeof flags> {
  static override summary = 'Disconnect a container from a network';
  static override flags = flags;
  static override tail = '[OPTIONS] NETWORK CONTAINER';
  static override positional = exactly(2);

  async execute({cli, args: [network = '', container], flags: {force}}: Input<typeof flags>) {
    await cli.client.post(`/networks/${network}/disconnect`, {json: {Container: container, Force: force}});
  }
}
