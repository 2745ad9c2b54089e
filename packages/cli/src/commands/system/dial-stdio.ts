import {openTransport} from '../../client/transport.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {pump} from '../../streams/pump.ts';

export default class SystemDialStdio extends DockerCommand {
  static override summary = 'Proxy the stdio stream to the daemon connection. Should not be invoked manually.';

  async execute({cli}: Input) {
    const socket = await openTransport(cli.client.endpoint.transport);
    const {stdin, stdout, stderr} = cli;
    await pump({socket, first: Buffer.alloc(0), stdin, stdout, stderr, isMultiplexed: false});
  }
}
