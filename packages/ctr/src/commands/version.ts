import {containerdVersion, gitCommit} from '@longshore/base';
import type {Leaf} from '../command/command.ts';

const leaf: Leaf = {
  usage: '',
  flags: [],
  async run({ctx, client, print, warn}) {
    print(
      `Client:\n  Version:  ${containerdVersion}\n  Revision: ${gitCommit}\n  Node version: ${process.version}\n\n`,
    );
    const server = await client.version.version(ctx, {});
    const {uuid} = await client.introspection.server(ctx, {});
    print(`Server:\n  Version:  ${server.version}\n  Revision: ${server.revision}\n  UUID: ${uuid}\n`);
    if (server.version !== containerdVersion) warn('version mismatch of client and server');
  },
};
export default leaf;
