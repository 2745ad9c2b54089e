import type {Leaf} from '../command/command.ts';
import {indentedJson} from '../format/table.ts';

const leaf: Leaf = {
  usage: '',
  flags: [],
  async run({ctx, client, print}) {
    const {uuid, pid, pidns} = await client.introspection.server(ctx, {});
    print(indentedJson({server: {uuid, pid, pidns}}));
  },
};
export default leaf;
