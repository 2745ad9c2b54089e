import {readContent} from '@longshore/containerd-client';
import {write} from '@longshore/term';
import type {Leaf} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';

const leaf: Leaf = {
  usage: '[<digest>, ...]',
  flags: [],
  async run({ctx, client, args}) {
    const digest = requireArgument(args, 0, 'a digest');
    for await (const chunk of readContent(ctx, client, digest)) await write(process.stdout, chunk);
  },
};
export default leaf;
