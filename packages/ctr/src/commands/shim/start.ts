import type {Leaf} from '../../command/command.ts';
import {openShim} from '../../shim-client.ts';

const leaf: Leaf = {
  usage: '',
  flags: [],
  async run(invocation) {
    using shim = await openShim(invocation);
    await shim.task.start(invocation.ctx, {id: shim.id});
  },
};
export default leaf;
