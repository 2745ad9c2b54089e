import {EngineError} from '@longshore/errdefs';
import {parsePlatform} from '@longshore/oci';
import {type Leaf, text} from '../../command/command.ts';
import {indentedJson} from '../../format/table.ts';
import {defaultSpec} from '../../spec/default-spec.ts';

const leaf: Leaf = {
  usage: '',
  flags: [text('platform', 'Platform of the spec to print: any of Linux')],
  async run({ctx, flags, print}) {
    const {os} = parsePlatform(flags.text('platform') || 'linux');
    if (os !== 'linux') throw new EngineError('unimplemented', `no default specification for ${os}: only for Linux`);
    print(indentedJson(defaultSpec(ctx.namespace, '')));
  },
};
export default leaf;
