import {containerdVersion, gitCommit} from '@longshore/base';
import type {Leaf} from '../command/command.ts';

const leaf: Leaf = {
  usage: '',
  flags: [],
  async run({ctx, client, print, warn}) {
    print(
      `Client:\n  Version:  ${containerdVersion}\n  Revision: ${gitCommit}\n  Node version: ${process.version}\n\n`,
    );
    const [server, {uuid}] = await Promise.all([client.version.version(ctx, {}), client.introspection.server(ctx, {})]);
    print(`Server:\n  Version:  ${server.version}\n  Revision: ${server.revision}\n  UUID: ${uuid}\n`);
    if (server.version !== containerdVersion) warn('version mismatch of client and server');
  },
};
export default leaf;
