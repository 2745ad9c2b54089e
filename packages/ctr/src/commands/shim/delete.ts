import type {Leaf} from '../../command/command.ts';
import {openShim} from '../../shim-client.ts';

const leaf: Leaf = {
  usage: '',
  flags: [],
  async run(invocation) {
    using shim = await openShim(invocation);
    const {exitStatus} = await shim.task.delete(invocation.ctx, {id: shim.id});
    invocation.print(`container deleted and returned exit status ${exitStatus}\n`);
  },
};
export default leaf;
