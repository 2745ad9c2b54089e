import type {Leaf} from '../../command/command.ts';
import {indentedJson} from '../../format/table.ts';
import {defaultSpec} from '../../spec/default-spec.ts';

const leaf: Leaf = {
  usage: '',
  flags: [],
  async run({ctx, print}) {
    print(indentedJson(defaultSpec(ctx.namespace, '')));
  },
};
export default leaf;
