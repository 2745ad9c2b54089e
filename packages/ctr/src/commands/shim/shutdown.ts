import type {Leaf} from '../../command/command.ts';
import {openShim} from '../../shim-client.ts';

const leaf: Leaf = {
  usage: '',
  description: 'One that still has a container goes on.',
  flags: [{name: 'api-version', type: 'integer', usage: 'Shim API version {2,3}'}],
  async run(invocation) {
    const {ctx, flags} = invocation;
    using shim = await openShim(invocation, flags.has('api-version') ? flags.number('api-version') : undefined);
    // It may be gone before it has answered.
    await shim.task.shutdown(ctx, {id: shim.id}).catch(error => {
      if (!/closed/.test(String(error))) throw error;
    });
  },
};
export default leaf;
